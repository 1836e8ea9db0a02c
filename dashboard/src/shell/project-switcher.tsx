import { useNavigate } from '@tanstack/react-router';
import { ChevronsUpDown, Plus } from 'lucide-react';
import { useState } from 'react';
import { useProject } from '../api/project.ts';
import { useSession } from '../api/session.ts';
import {
  Menu,
  MenuContent,
  MenuItem,
  MenuLabel,
  MenuRadioGroup,
  MenuRadioItem,
  MenuSeparator,
  MenuTrigger,
} from '../components/ui/menu.tsx';
import { Logo } from './logo.tsx';
import { NewProjectDialog } from './new-project-dialog.tsx';

/** Which project the pages are about; another one opens on its overview. */
export function ProjectSwitcher() {
  const [isCreating, setCreating] = useState(false);
  const { project } = useProject();
  const { projects } = useSession();
  const navigate = useNavigate();
  const open = (projectId: string) =>
    void navigate({ to: '/p/$projectId/overview', params: { projectId }, search: {} });
  return (
    <>
      <Menu>
        <MenuTrigger className="flex h-11 w-full items-center gap-2.5 rounded-md px-2 text-left transition-colors hover:bg-hover">
          <Logo className="size-7 shrink-0" />
          <span className="min-w-0 flex-1">
            <span className="block truncate font-semibold text-sm leading-5 tracking-tight">
              <span className="sr-only">Project: </span>
              {project.name}
            </span>
            <span className="block text-soft text-xs capitalize leading-4">{project.role}</span>
          </span>
          <ChevronsUpDown className="size-3.5 shrink-0 text-soft" aria-hidden />
        </MenuTrigger>
        <MenuContent align="start" className="w-[var(--radix-dropdown-menu-trigger-width)]">
          <MenuLabel>Project</MenuLabel>
          <MenuRadioGroup value={project.id} onValueChange={open}>
            {projects.map(({ id, name }) => (
              <MenuRadioItem key={id} value={id}>
                <span className="truncate">{name}</span>
              </MenuRadioItem>
            ))}
          </MenuRadioGroup>
          <MenuSeparator />
          <MenuItem onSelect={() => setCreating(true)}>
            <Plus aria-hidden />
            New project
          </MenuItem>
        </MenuContent>
      </Menu>
      <NewProjectDialog isOpen={isCreating} onClose={() => setCreating(false)} />
    </>
  );
}
