import { Link } from '@tanstack/react-router';
import type { ComponentProps } from 'react';
import { useProject } from '../api/project.ts';
import { EmptyState } from './states.tsx';
import { Button } from './ui/button.tsx';
import { Card } from './ui/card.tsx';

/** What a page shows that needs an app when the project has none. */
export function NoApp(props: Pick<ComponentProps<typeof EmptyState>, 'icon' | 'title' | 'children'>) {
  const { project } = useProject();
  return (
    <Card>
      <EmptyState
        {...props}
        actions={
          <Button asChild variant="primary">
            <Link to="/p/$projectId/apps" params={{ projectId: project.id }}>
              Go to apps
            </Link>
          </Button>
        }
      />
    </Card>
  );
}
