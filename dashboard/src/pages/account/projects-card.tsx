import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { SessionProject } from '../../api/answers.ts';
import { useSession } from '../../api/session.ts';
import { Badge } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHeader } from '../../components/ui/card.tsx';
import { LeaveProjectDialog } from '../members/leave-project-dialog.tsx';
import { roleLabel } from '../members/roles.ts';

/** The person's projects, each with a button to leave it: not every role can open the members page. */
export function ProjectsCard() {
  const { projects } = useSession();
  const [leaving, setLeaving] = useState<SessionProject>();
  if (projects.length === 0) return null;
  return (
    <Card>
      <CardHeader title="Projects" description="Projects you belong to." />
      <ul className="divide-y border-t">
        {projects.map((project) => (
          <li key={project.id} className="flex items-center gap-3 px-5 py-2.5">
            <Link
              to="/p/$projectId"
              params={{ projectId: project.id }}
              className="min-w-0 rounded font-medium text-sm hover:underline"
            >
              <bdi className="block truncate">{project.name}</bdi>
            </Link>
            <Badge tone="outline">{roleLabel(project.role)}</Badge>
            <Button
              size="sm"
              variant="ghost"
              className="ml-auto"
              onClick={() => setLeaving(project)}
              aria-label={`Leave ${project.name}`}
            >
              Leave
            </Button>
          </li>
        ))}
      </ul>
      {leaving && <LeaveProjectDialog project={leaving} onClose={() => setLeaving(undefined)} />}
    </Card>
  );
}
