import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { CircleCheck, Download, Eye } from 'lucide-react';
import { useState } from 'react';
import type { EventRecord } from '../../api/answers.ts';
import { newestEventQuery } from '../../api/events.ts';
import { errorMessage } from '../../api/problem.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { Segmented } from '../../components/ui/segmented.tsx';
import { useLeaveGuard } from '../../components/use-leave-guard.ts';
import { downloadText } from '../../lib/download.ts';
import { curlSnippet, envFile } from '../api-keys/actions/key-snippets.ts';
import type { Created } from './create-project.ts';
import { clientSnippet, kotlinSnippet, swiftSnippet } from './first-snippets.ts';

const POLL_MS = 1_500;

/** The key of the new app, a snippet that works with it, and whether its first event has arrived. */
export function FirstEvent({ created }: { created: Created }) {
  const { projectId, app } = created;
  const [isStored, setStored] = useState(false);
  const [wasLeaveAttempted, setLeaveAttempted] = useState(false);
  const newest = useQuery({
    ...newestEventQuery(projectId, app.id),
    refetchInterval: ({ state }) => (state.data ? false : POLL_MS),
    refetchIntervalInBackground: true,
  });
  const event = newest.data ?? undefined;
  const isKeyAtRisk = !isStored && event === undefined;
  useLeaveGuard(isKeyAtRisk, () => setLeaveAttempted(true));
  return (
    <>
      <KeyCard
        created={created}
        onStored={() => setStored(true)}
        wasLeaveAttempted={wasLeaveAttempted && isKeyAtRisk}
      />
      <SnippetCard created={created} onStored={() => setStored(true)} />
      <ArrivalCard created={created} event={event} error={newest.error} />
    </>
  );
}

type CardProps = { created: Created; onStored: () => void };

function KeyCard({ created, onStored, wasLeaveAttempted }: CardProps & { wasLeaveAttempted: boolean }) {
  const { app, apiKey } = created;
  const download = () => {
    downloadText(
      'appflow.env',
      envFile(apiKey, apiKey.key, { origin: window.location.origin, appId: app.id }),
    );
    onStored();
  };
  return (
    <Card>
      <CardHeader
        title="Your client key"
        description="It can only send events of this app. Store it now: it won't be shown again."
      />
      <CardBody className="grid gap-2">
        <output
          aria-label="API key"
          className="block break-all rounded-lg border border-input bg-surface px-4 py-3 font-mono text-sm leading-relaxed"
        >
          {apiKey.key}
        </output>
        <div className="flex flex-wrap gap-2">
          <CopyButton text={apiKey.key} what="key" hasLabel variant="primary" onCopied={onStored} />
          <Button size="sm" onClick={download}>
            <Download aria-hidden />
            Download .env
          </Button>
        </div>
        {wasLeaveAttempted && (
          <p role="alert" className="flex items-center gap-1.5 text-bad text-xs">
            <Eye className="size-3.5 shrink-0" aria-hidden />
            The key can't be shown again. Copy it before you leave.
          </p>
        )}
      </CardBody>
    </Card>
  );
}

const NATIVE_HINT =
  'Sends one event. docs/guides/snippets.md in the Appflow repository has complete code, with a queue and retries.';

const SNIPPETS = {
  swift: { label: 'Swift', description: NATIVE_HINT, render: swiftSnippet },
  kotlin: { label: 'Kotlin', description: NATIVE_HINT, render: kotlinSnippet },
  client: {
    label: 'JavaScript',
    description: 'Add this to your app. The client works in browsers, React Native and Node.',
    render: clientSnippet,
  },
} as const;

type Language = 'curl' | keyof typeof SNIPPETS;

const LANGUAGES: readonly { value: Language; label: string }[] = [
  { value: 'curl', label: 'curl' },
  { value: 'swift', label: SNIPPETS.swift.label },
  { value: 'kotlin', label: SNIPPETS.kotlin.label },
  { value: 'client', label: SNIPPETS.client.label },
];

function SnippetCard({ created: { app, apiKey }, onStored }: CardProps) {
  const [language, setLanguage] = useState<Language>('curl');
  const [eventId] = useState(() => `first-${Date.now().toString(36)}`);
  const context = { origin: window.location.origin, appId: app.id };
  const code =
    language === 'curl'
      ? curlSnippet(apiKey, apiKey.key, { ...context, eventId })
      : SNIPPETS[language].render({ ...context, key: apiKey.key });
  return (
    <Card>
      <CardHeader
        title="Send an event"
        description={language === 'curl' ? 'Run this in a terminal.' : SNIPPETS[language].description}
        actions={<Segmented label="Language" value={language} onChange={setLanguage} options={LANGUAGES} />}
      />
      <CardBody>
        <CodeBlock what="snippet" code={code} onCopied={onStored} />
      </CardBody>
    </Card>
  );
}

type ArrivalCardProps = { created: Created; event: EventRecord | undefined; error: unknown };

/** Says that the first event is awaited, or that it has arrived. */
function ArrivalCard({ created: { projectId, app }, event, error }: ArrivalCardProps) {
  const navigate = useNavigate();
  const target = { params: { projectId }, search: { app: app.id } };
  return (
    <Card className="flex flex-wrap items-center justify-between gap-x-4 gap-y-3 px-5 py-4">
      <div role="status" className="flex min-w-0 items-center gap-3">
        {event ? (
          <>
            <CircleCheck className="size-5 shrink-0 text-good" aria-hidden />
            <p className="min-w-0 text-sm">
              <span className="font-medium">First event received: {event.event_name}</span>
              <span className="block truncate text-note text-soft">
                from {event.app_user_id}, <TimeAgo at={event.received_at} />
              </span>
            </p>
          </>
        ) : (
          <>
            <span aria-hidden className="mx-1 size-2.5 shrink-0 animate-pulse rounded-full bg-chart-1" />
            <p className="min-w-0 text-sm">
              <span className="font-medium">Waiting for your first event</span>
              <span className="block text-note text-soft">
                {error ? errorMessage(error) : 'It appears here as soon as it arrives.'}
              </span>
            </p>
          </>
        )}
      </div>
      {event ? (
        <div className="flex flex-wrap gap-2">
          <Button asChild>
            <Link to="/p/$projectId/live" {...target}>
              View live
            </Link>
          </Button>
          <Button asChild variant="primary">
            <Link to="/p/$projectId/overview" {...target}>
              Open Overview
            </Link>
          </Button>
        </div>
      ) : (
        <Button
          onClick={() => void navigate({ to: '/p/$projectId/overview', ...target, ignoreBlocker: true })}
        >
          Skip for now
        </Button>
      )}
    </Card>
  );
}
