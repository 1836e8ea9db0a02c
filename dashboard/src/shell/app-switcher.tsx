import { useNavigate } from '@tanstack/react-router';
import { AppWindow } from 'lucide-react';
import { useCurrentApp } from '../api/apps.ts';
import { useProject } from '../api/project.ts';
import { PlatformIcon } from '../components/platform.tsx';
import { Switcher } from './switcher.tsx';

/** The selected app; kept in the URL. */
export function AppSwitcher() {
  const { project } = useProject();
  const { apps, app, isPending } = useCurrentApp();
  const navigate = useNavigate();
  return (
    <Switcher
      label="Apps"
      className="h-9 gap-2 border bg-surface px-2.5 text-note shadow-card"
      choices={apps.map(({ id, name, platform }) => ({
        id,
        name,
        icon: <PlatformIcon platform={platform} />,
      }))}
      chosen={app?.id}
      onChoose={(id) =>
        // Each app has a currency of its own.
        void navigate({ to: '.', search: ({ currency: _, ...search }) => ({ ...search, app: id }) })
      }
      footer={{
        icon: <AppWindow aria-hidden />,
        label: 'Manage apps',
        onSelect: () => void navigate({ to: '/p/$projectId/apps', params: { projectId: project.id } }),
      }}
    >
      {app && <PlatformIcon platform={app.platform} className="size-4 shrink-0 text-soft" />}
      <span className="sr-only">App: </span>
      <bdi className="min-w-0 flex-1 truncate text-left">
        {app?.name ?? (isPending ? 'Loading apps' : 'No apps yet')}
      </bdi>
    </Switcher>
  );
}
