import type { App } from '../../api/answers.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { PLATFORM_NAMES, PlatformIcon } from '../../components/platform.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Button } from '../../components/ui/button.tsx';
import { ActionsHead, Cell, Head, HeadRow, Row, Table } from '../../components/ui/table.tsx';

type AppActions = { onEdit: (app: App) => void; onDelete: (app: App) => void };

type AppTableProps = {
  apps: readonly App[];
  /** Undefined for people with read access only. */
  actions: AppActions | undefined;
};

/** The project's apps. */
export function AppTable({ apps, actions }: AppTableProps) {
  return (
    <Table label="Apps" isStacked className="sm:min-w-[52rem]">
      <thead>
        <HeadRow>
          <Head>App</Head>
          <Head>App ID</Head>
          <Head>Time zone</Head>
          <Head>Currency</Head>
          <Head>Created</Head>
          <ActionsHead />
        </HeadRow>
      </thead>
      <tbody>
        {apps.map((app) => (
          <Row key={app.id}>
            <NameCell app={app} />
            <Cell data-label="App ID" className="whitespace-nowrap">
              <div className="flex min-w-0 items-center gap-1">
                <span className="truncate font-mono text-xs">{app.id}</span>
                <CopyButton text={app.id} what={`ID of ${app.name}`} />
              </div>
            </Cell>
            <Cell data-label="Time zone" className="whitespace-nowrap">
              {app.timezone}
            </Cell>
            <Cell data-label="Currency">{app.currency}</Cell>
            <Cell data-label="Created" className="whitespace-nowrap text-soft">
              <TimeAgo at={app.created_at} />
            </Cell>
            <Cell className="max-sm:justify-end">{actions && <AppButtons app={app} {...actions} />}</Cell>
          </Row>
        ))}
      </tbody>
    </Table>
  );
}

function NameCell({ app }: { app: App }) {
  return (
    <Cell>
      <div className="flex min-w-0 items-center gap-3">
        <span className="grid size-9 shrink-0 place-items-center rounded-lg border bg-muted text-soft">
          <PlatformIcon platform={app.platform} className="size-4.5" />
        </span>
        <div className="min-w-0">
          <p className="max-w-56 font-medium">
            <bdi className="block truncate">{app.name}</bdi>
          </p>
          <p className="max-w-56 truncate text-soft text-xs">
            {PLATFORM_NAMES[app.platform]}
            {app.bundle_id && ` · ${app.bundle_id}`}
          </p>
        </div>
      </div>
    </Cell>
  );
}

function AppButtons({ app, onEdit, onDelete }: AppActions & { app: App }) {
  return (
    <div className="flex justify-end gap-1.5">
      <Button size="sm" onClick={() => onEdit(app)} aria-label={`Edit ${app.name}`}>
        Edit
      </Button>
      <Button size="sm" variant="ghost" onClick={() => onDelete(app)} aria-label={`Delete ${app.name}`}>
        Delete
      </Button>
    </div>
  );
}
