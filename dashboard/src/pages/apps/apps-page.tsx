import { useQuery } from '@tanstack/react-query';
import { AppWindow, Plus } from 'lucide-react';
import { useState } from 'react';
import type { App } from '../../api/answers.ts';
import { appsQuery, deletedAppsQuery } from '../../api/apps.ts';
import { useProject } from '../../api/project.ts';
import { Page } from '../../components/page.tsx';
import { QueryState } from '../../components/query-state.tsx';
import { EmptyState } from '../../components/states.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { AppDialog } from './app-dialog.tsx';
import { AppTable } from './app-table.tsx';
import { DeleteAppDialog } from './delete-app-dialog.tsx';
import { DeletedApps } from './deleted-apps.tsx';

/** What the person is doing with which app; `new` makes one. */
type Doing = { verb: 'new' } | { verb: 'edit' | 'delete'; app: App };

/** The project's apps: their ids, platforms, time zones and currencies. */
export function AppsPage() {
  const { project, can } = useProject();
  const [doing, setDoing] = useState<Doing>();
  const apps = useQuery(appsQuery(project.id));
  const deleted = useQuery(deletedAppsQuery(project.id));
  const mayWrite = can('apps:write');
  const end = () => setDoing(undefined);
  const actions = {
    onEdit: (app: App) => setDoing({ verb: 'edit', app }),
    onDelete: (app: App) => setDoing({ verb: 'delete', app }),
  };
  const addButton = mayWrite && (
    <Button variant="primary" onClick={() => setDoing({ verb: 'new' })}>
      <Plus aria-hidden />
      Add app
    </Button>
  );
  return (
    <Page
      title="Apps"
      description="Each app has its own numbers, time zone and currency. A key reaches all of them unless it is narrowed."
      actions={addButton}
    >
      <Card>
        <QueryState query={apps} what="The apps could not be loaded" pending={<SkeletonRows rows={3} />}>
          {(all) =>
            all.length > 0 ? (
              <AppTable apps={all} actions={mayWrite ? actions : undefined} />
            ) : (
              <EmptyState icon={AppWindow} title="No app yet" actions={addButton}>
                Events belong to an app. Add the first one, then create a client key for it.
              </EmptyState>
            )
          }
        </QueryState>
      </Card>
      <DeletedApps apps={deleted.data ?? []} mayWrite={mayWrite} />
      {doing?.verb === 'new' && <AppDialog subject={undefined} onClose={end} />}
      {doing?.verb === 'edit' && <AppDialog subject={doing.app} onClose={end} />}
      {doing?.verb === 'delete' && <DeleteAppDialog subject={doing.app} onClose={end} />}
    </Page>
  );
}
