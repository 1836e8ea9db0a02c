import { useNavigate } from '@tanstack/react-router';
import { ChevronsUpDown, Plus } from 'lucide-react';
import { useCurrentApp, useProject } from '../api/project.ts';
import { PlatformIcon } from '../components/platform.tsx';
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

/** Which app the numbers are about; kept in the URL. */
export function AppSwitcher() {
  const { project } = useProject();
  const { apps, app, isPending } = useCurrentApp();
  const navigate = useNavigate();
  const choose = (id: string) => void navigate({ to: '.', search: (search) => ({ ...search, app: id }) });
  const openApps = () => void navigate({ to: '/p/$projectId/apps', params: { projectId: project.id } });
  return (
    <Menu>
      <MenuTrigger className="flex h-9 w-full items-center gap-2 rounded-md border bg-surface px-2.5 text-left text-[0.8125rem] shadow-card transition-colors hover:bg-hover">
        {app && <PlatformIcon platform={app.platform} className="size-4 shrink-0 text-soft" />}
        <span className="min-w-0 flex-1 truncate">
          <span className="sr-only">App: </span>
          {app?.name ?? (isPending ? 'Loading apps' : 'No app yet')}
        </span>
        <ChevronsUpDown className="size-3.5 shrink-0 text-soft" aria-hidden />
      </MenuTrigger>
      <MenuContent align="start" className="w-[var(--radix-dropdown-menu-trigger-width)]">
        <MenuLabel>App</MenuLabel>
        <MenuRadioGroup value={app?.id ?? ''} onValueChange={choose}>
          {apps.map(({ id, name, platform }) => (
            <MenuRadioItem key={id} value={id}>
              <PlatformIcon platform={platform} />
              <span className="truncate">{name}</span>
            </MenuRadioItem>
          ))}
        </MenuRadioGroup>
        <MenuSeparator />
        <MenuItem onSelect={openApps}>
          <Plus aria-hidden />
          Manage apps
        </MenuItem>
      </MenuContent>
    </Menu>
  );
}
