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

/** The open dialog and its app; `new` creates one. */
type AppDialogState = { kind: 'new' } | { kind: 'edit' | 'delete'; app: App };

/** The project's apps: their ids, platforms, time zones and currencies. */
export function AppsPage() {
  const { project, can } = useProject();
  const [dialog, setDialog] = useState<AppDialogState>();
  const apps = useQuery(appsQuery(project.id));
  const deleted = useQuery(deletedAppsQuery(project.id));
  const canWrite = can('apps:write');
  const closeDialog = () => setDialog(undefined);
  const actions = {
    onEdit: (app: App) => setDialog({ kind: 'edit', app }),
    onDelete: (app: App) => setDialog({ kind: 'delete', app }),
  };
  const addButton = canWrite && (
    <Button variant="primary" onClick={() => setDialog({ kind: 'new' })}>
      <Plus aria-hidden />
      Add app
    </Button>
  );
  return (
    <Page
      title="Apps"
      docs="/docs/metrics#days-and-time-zones"
      description="Each app has its own analytics, time zone and currency. Keys work for all apps unless you restrict them."
      actions={addButton}
    >
      <Card>
        <QueryState query={apps} what="Couldn't load the apps" pending={<SkeletonRows rows={3} />}>
          {(all) =>
            all.length > 0 ? (
              <AppTable apps={all} actions={canWrite ? actions : undefined} />
            ) : (
              <EmptyState icon={AppWindow} title="No apps yet" actions={addButton}>
                Every event belongs to an app. Add the first one, then create a client key for it.
              </EmptyState>
            )
          }
        </QueryState>
      </Card>
      <DeletedApps apps={deleted.data ?? []} canRestore={canWrite} />
      {dialog?.kind === 'new' && <AppDialog subject={undefined} onClose={closeDialog} />}
      {dialog?.kind === 'edit' && <AppDialog subject={dialog.app} onClose={closeDialog} />}
      {dialog?.kind === 'delete' && <DeleteAppDialog subject={dialog.app} onClose={closeDialog} />}
    </Page>
  );
}
