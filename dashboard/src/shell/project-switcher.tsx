import { useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useProject } from '../api/project.ts';
import { useSession } from '../api/session.ts';
import { Logo } from './logo.tsx';
import { Switcher } from './switcher.tsx';

/** The current project. Selecting another opens its overview. */
export function ProjectSwitcher() {
  const { project } = useProject();
  const { projects } = useSession();
  const navigate = useNavigate();
  return (
    <Switcher
      label="Projects"
      className="h-11 gap-2.5 px-2"
      choices={projects}
      chosen={project.id}
      onChoose={(projectId) =>
        void navigate({ to: '/p/$projectId/overview', params: { projectId }, search: {} })
      }
      footer={{
        icon: <Plus aria-hidden />,
        label: 'New project',
        onSelect: () => void navigate({ to: '/new-project' }),
      }}
    >
      <Logo className="size-7 shrink-0" />
      <span className="min-w-0 flex-1">
        <span className="sr-only">Project: </span>
        <bdi className="block truncate text-left font-semibold text-sm leading-5 tracking-tight">
          {project.name}
        </bdi>
        <span className="block text-soft text-xs capitalize leading-4">{project.role}</span>
      </span>
    </Switcher>
  );
}
