import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { App } from '../../api/answers.ts';
import { useProject } from '../../api/project.ts';
import { CodeBlock } from '../../components/code-block.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { exportCommand, importCommand, purchaseCommand, queryCommand, sendCommand } from './commands.ts';

/** The first event and the first query, as commands that work when copied. */
export function QuickStart({ app }: { app: App }) {
  const { project, can } = useProject();
  const context = { origin: window.location.origin, appId: app.id };
  return (
    <Card>
      <CardHeader title="Quick start" description={`For ${app.name}; switch the app in the sidebar.`} />
      <CardBody>
        <ol className="grid gap-6">
          <Step number={1} title="Put your keys into the shell">
            <CodeBlock code={exportCommand()} />
          </Step>
          <Step number={2} title="Send an event">
            <CodeBlock code={sendCommand(context)} />
            <p className="text-note text-soft">
              200 means stored: it is on disk before the answer. Send it again and it is a duplicate: an id
              counts once per app.{' '}
              {can('events:read') && (
                <Link
                  to="/p/$projectId/live"
                  params={{ projectId: project.id }}
                  className="text-link underline underline-offset-2"
                >
                  See it live
                </Link>
              )}
            </p>
          </Step>
          <Step number={3} title="Ask a question">
            <CodeBlock code={queryCommand(context)} />
            <p className="text-note text-soft">
              A row for each day, with users, sessions, events and exact revenue; how each is counted stands
              under <code className="font-mono">meta</code>.
            </p>
          </Step>
          <Step number={4} title="Record a purchase from your backend">
            <CodeBlock code={purchaseCommand(context)} />
          </Step>
          <Step number={5} title="Bring your history">
            <CodeBlock code={importCommand(context)} />
            <p className="text-note text-soft">
              One event a line. It goes on where it was interrupted, and can be run twice without counting
              twice.
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
