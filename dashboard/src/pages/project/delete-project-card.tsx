import { Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useProject } from '../../api/project.ts';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { DeleteProjectDialog } from './delete-project-dialog.tsx';

/** Deletes the project. Only owners can. */
export function DeleteProjectCard() {
  const { project } = useProject();
  const [isDeleting, setDeleting] = useState(false);
  if (project.role !== 'owner') return null;
  return (
    <Card>
      <CardHeader
        title="Delete project"
        description="Its API keys stop working and members lose access immediately. You can restore it for 30 days."
      />
      <CardBody>
        <Button variant="danger" onClick={() => setDeleting(true)}>
          <Trash2 aria-hidden />
          Delete project
        </Button>
      </CardBody>
      {isDeleting && <DeleteProjectDialog project={project} onClose={() => setDeleting(false)} />}
    </Card>
  );
}
