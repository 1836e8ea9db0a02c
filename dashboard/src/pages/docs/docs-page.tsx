import { useCurrentApp } from '../../api/apps.ts';
import { useProject } from '../../api/project.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { NoApp } from '../../components/no-app.tsx';
import { Page } from '../../components/page.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { Skeleton } from '../../components/ui/skeleton.tsx';
import { KeyHints } from './key-hints.tsx';
import { MoreDocs } from './more-docs.tsx';
import { QuickStart } from './quick-start.tsx';

/** The first event and the first query with this project's IDs, and the way to the documentation. */
export function DocsPage() {
  const { project, can } = useProject();
  const { app, isPending } = useCurrentApp();
  return (
    <Page
      isNarrow
      title="Docs"
      docs="/docs/quick-start"
      description="Send your first event and read it back. All snippets are filled in for this project."
    >
      <Card>
        <CardHeader title="Your IDs" />
        <CardBody className="grid gap-1.5 text-sm">
          <IdRow name="Server URL" value={window.location.origin} />
          <IdRow name="Project ID" value={project.id} />
          {isPending ? (
            <Skeleton className="h-8" />
          ) : (
            app && <IdRow name={`App ID (${app.name})`} value={app.id} />
          )}
        </CardBody>
      </Card>
      {can('keys:read') && <KeyHints />}
      {app ? (
        <QuickStart app={app} />
      ) : (
        !isPending && (
          <NoApp title="Add an app first">Every event belongs to an app. The quick start needs one.</NoApp>
        )
      )}
      <MoreDocs />
    </Page>
  );
}

function IdRow({ name, value }: { name: string; value: string }) {
  return (
    <div className="grid items-center gap-x-3 sm:grid-cols-[11rem_minmax(0,1fr)]">
      <bdi className="truncate text-soft">{name}</bdi>
      <span className="flex min-w-0 items-center gap-2">
        <span className="min-w-0 break-all font-mono text-note">{value}</span>
        <CopyButton text={value} what={name} />
      </span>
    </div>
  );
}
