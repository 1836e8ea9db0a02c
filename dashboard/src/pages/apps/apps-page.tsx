import { useQuery } from '@tanstack/react-query';
import { AppWindow, Plus } from 'lucide-react';
import { useState } from 'react';
import type { App, Page as PageOf } from '../../api/answers.ts';
import { api } from '../../api/http.ts';
import { appsQuery, useProject } from '../../api/project.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Page } from '../../components/page.tsx';
import { PLATFORM_NAMES, PlatformIcon } from '../../components/platform.tsx';
import { EmptyState, ErrorState } from '../../components/states.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';
import { AppDialog } from './app-dialog.tsx';
import { DeleteAppDialog } from './delete-app-dialog.tsx';
import { DeletedApps } from './deleted-apps.tsx';

/** What the person is doing with which app; `new` makes one. */
type Doing = { verb: 'new' } | { verb: 'edit' | 'delete'; app: App };

/** The project's apps: their ids, platforms, time zones and currencies. */
export function AppsPage() {
  const { project, path, can } = useProject();
  const [doing, setDoing] = useState<Doing>();
  const apps = useQuery(appsQuery(project.id));
  const deleted = useQuery({
    queryKey: ['projects', project.id, 'apps', 'deleted'],
    queryFn: async ({ signal }) =>
      (await api<PageOf<App>>('GET', path('/apps'), { query: { deleted: true, limit: 200 }, signal })).data,
  });
  const mayWrite = can('apps:write');
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
        {apps.isPending ? (
          <SkeletonRows rows={3} />
        ) : apps.isError ? (
          <ErrorState what="The apps could not be loaded" error={apps.error} onRetry={apps.refetch} />
        ) : apps.data.length === 0 ? (
          <EmptyState icon={AppWindow} title="No app yet" actions={addButton}>
            Events belong to an app. Add the first one, then create a client key for it.
          </EmptyState>
        ) : (
          <AppTable apps={apps.data} mayWrite={mayWrite} onDo={setDoing} />
        )}
      </Card>
      <DeletedApps apps={deleted.data ?? []} mayWrite={mayWrite} />
      <AppDialog
        isOpen={doing?.verb === 'new' || doing?.verb === 'edit'}
        subject={doing?.verb === 'edit' ? doing.app : undefined}
        onClose={() => setDoing(undefined)}
      />
      <DeleteAppDialog
        subject={doing?.verb === 'delete' ? doing.app : undefined}
        onClose={() => setDoing(undefined)}
      />
    </Page>
  );
}

type AppTableProps = { apps: readonly App[]; mayWrite: boolean; onDo: (doing: Doing) => void };

function AppTable({ apps, mayWrite, onDo }: AppTableProps) {
  return (
    <Table label="Apps" className="min-w-[52rem]">
      <thead>
        <HeadRow>
          <Head>App</Head>
          <Head>App id</Head>
          <Head>Time zone</Head>
          <Head>Currency</Head>
          <Head>Created</Head>
          <Head>
            <span className="sr-only">Actions</span>
          </Head>
        </HeadRow>
      </thead>
      <tbody>
        {apps.map((app) => (
          <Row key={app.id}>
            <Cell>
              <div className="flex items-center gap-3">
                <span className="grid size-9 shrink-0 place-items-center rounded-lg border bg-muted text-soft">
                  <PlatformIcon platform={app.platform} className="size-4.5" />
                </span>
                <div className="min-w-0">
                  <p className="max-w-56 truncate font-medium">{app.name}</p>
                  <p className="max-w-56 truncate text-soft text-xs">
                    {PLATFORM_NAMES[app.platform]}
                    {app.bundle_id && ` · ${app.bundle_id}`}
                  </p>
                </div>
              </div>
            </Cell>
            <Cell className="whitespace-nowrap">
              <div className="flex items-center gap-1">
                <span className="font-mono text-xs">{app.id}</span>
                <CopyButton text={app.id} what={`id of ${app.name}`} />
              </div>
            </Cell>
            <Cell className="whitespace-nowrap">{app.timezone}</Cell>
            <Cell>{app.currency}</Cell>
            <Cell className="whitespace-nowrap text-soft">
              <TimeAgo at={app.created_at} />
            </Cell>
            <Cell>
              {mayWrite && (
                <div className="flex justify-end gap-1.5">
                  <Button
                    size="sm"
                    onClick={() => onDo({ verb: 'edit', app })}
                    aria-label={`Edit ${app.name}`}
                  >
                    Edit
                  </Button>
                  <Button
                    size="sm"
                    variant="ghost"
                    onClick={() => onDo({ verb: 'delete', app })}
                    aria-label={`Delete ${app.name}`}
                  >
                    Delete
                  </Button>
                </div>
              )}
            </Cell>
          </Row>
        ))}
      </tbody>
    </Table>
  );
}
