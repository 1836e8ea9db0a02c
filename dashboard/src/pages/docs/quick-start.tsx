import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { App } from '../../api/answers.ts';
import { useProject } from '../../api/project.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { exportCommand, importCommand, purchaseCommand, queryCommand } from './commands.ts';
import { SendEvent } from './send-event.tsx';

/** The first event and the first query, as commands that work when copied. */
export function QuickStart({ app }: { app: App }) {
  const { project, can } = useProject();
  const context = { origin: window.location.origin, appId: app.id };
  return (
    <Card>
      <CardHeader title="Quick start" description={`For ${app.name}. Switch apps in the sidebar.`} />
      <CardBody>
        <ol className="grid gap-6">
          <Step number={1} title="Set your keys">
            <CodeBlock code={exportCommand()} />
          </Step>
          <Step number={2} title="Send an event">
            <SendEvent app={app} />
            <p className="text-note text-soft">
              200 means the event is stored durably. Resending the same{' '}
              <code className="font-mono">event_id</code> is counted as a duplicate.{' '}
              {can('events:read') && (
                <Link
                  to="/p/$projectId/live"
                  params={{ projectId: project.id }}
                  className="text-link underline underline-offset-2"
                >
                  View it live
                </Link>
              )}
            </p>
          </Step>
          <Step number={3} title="Query your analytics">
            <CodeBlock code={queryCommand(context)} />
            <p className="text-note text-soft">
              One row per day with users, sessions, events and exact revenue; see{' '}
              <code className="font-mono">meta.definitions</code> for how each metric is counted.
            </p>
          </Step>
          <Step number={4} title="Record a purchase from your backend">
            <CodeBlock code={purchaseCommand(context)} />
          </Step>
          <Step number={5} title="Import historical data">
            <CodeBlock code={importCommand(context)} />
            <p className="text-note text-soft">
              Newline-delimited JSON, plain or gzipped. The import resumes after an interruption and is safe
              to re-run: nothing is counted twice.
            </p>
          </Step>
        </ol>
      </CardBody>
    </Card>
  );
}

function Step({ number, title, children }: { number: number; title: string; children: ReactNode }) {
  return (
    <li className="grid grid-cols-[1.75rem_minmax(0,1fr)] gap-x-3">
      <span
        aria-hidden
        className="grid size-7 place-items-center rounded-full bg-info-soft font-semibold text-link text-xs"
      >
        {number}
      </span>
      <div className="grid gap-2">
        <h3 className="font-medium text-sm leading-7">{title}</h3>
        {children}
      </div>
    </li>
  );
}
