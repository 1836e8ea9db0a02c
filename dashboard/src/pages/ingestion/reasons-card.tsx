import { Link } from '@tanstack/react-router';
import { CircleCheck } from 'lucide-react';
import { EmptyState } from '../../components/states.tsx';
import { Code } from '../../components/ui/badge.tsx';
import { Card, CardHeader } from '../../components/ui/card.tsx';
import { formatAmount } from '../../lib/format.ts';
import { findCure, isRejection } from './reason-texts.ts';
import type { ReasonCount } from './summarize.ts';

/** Why events were rejected and requests refused, and how to fix it. */
export function ReasonsCard({ reasons }: { reasons: readonly ReasonCount[] }) {
  return (
    <Card>
      <CardHeader title="Reasons" description="Why events were rejected or requests refused, and the fix." />
      {reasons.length === 0 ? (
        <EmptyState icon={CircleCheck} title="No problems in this range">
          Every event was accepted or had been stored before.
        </EmptyState>
      ) : (
        <ul aria-label="Reasons" className="divide-y border-t">
          {reasons.map((reason) => (
            <Reason key={reason.code} reason={reason} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Reason({ reason: { code, count } }: { reason: ReasonCount }) {
  const isOfEvents = isRejection(code);
  return (
    <li className="px-5 py-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <Code className="wrap-anywhere">{code}</Code>
        <span className="flex items-baseline gap-3 text-note">
          <span className="font-medium tabular-nums">
            {formatAmount(count, isOfEvents ? 'event' : 'request')}
          </span>
          {isOfEvents && (
            <Link
              to="."
              search={(search) => ({ ...search, reason: code })}
              hash="samples"
              className="rounded text-link hover:underline"
              aria-label={`Show samples of ${code}`}
            >
              Samples
            </Link>
          )}
        </span>
      </div>
      <p className="mt-1 max-w-prose text-pretty text-note text-soft">
        {findCure(code) ?? 'See the docs of errors.'}
      </p>
    </li>
  );
}
