import { ChartNoAxesColumn } from 'lucide-react';
import type { ApiKey, UsageHour } from '../../../api/answers.ts';
import { USAGE_DAYS, useKeyUsage } from '../../../api/keys.ts';
import { CodeBlock } from '../../../components/code-block.tsx';
import { QueryState } from '../../../components/query-state.tsx';
import { Sparkline } from '../../../components/sparkline.tsx';
import { EmptyState } from '../../../components/states.tsx';
import { Skeleton } from '../../../components/ui/skeleton.tsx';
import { Cell, Head, HeadRow, Row, Table } from '../../../components/ui/table.tsx';
import { formatAmount, formatCount, formatDay } from '../../../lib/format.ts';
import { useNow } from '../../../lib/now.ts';
import { sumByDay, totalRequests, type UsageDay } from '../key/usage-days.ts';

const OUTCOMES = [
  { name: 'ok', label: 'Successful' },
  { name: 'unauthorized', label: 'Unauthorized' },
  { name: 'forbidden', label: 'Forbidden' },
  { name: 'limited', label: 'Rate limited' },
] as const;

/** A key's requests by outcome, day by day. */
export function KeyUsagePanel({ apiKey }: { apiKey: ApiKey }) {
  const usage = useKeyUsage(apiKey.id);
  return (
    <QueryState query={usage} what="Couldn't load the usage" pending={<Skeleton className="h-64" />}>
      {(hours) => <Summary hours={hours} />}
    </QueryState>
  );
}

function Summary({ hours }: { hours: readonly UsageHour[] }) {
  const now = useNow();
  const days = sumByDay(hours, USAGE_DAYS, now);
  const sum = (name: (typeof OUTCOMES)[number]['name']) => days.reduce((total, day) => total + day[name], 0);
  const total = days.reduce((all, day) => all + totalRequests(day), 0);
  if (total === 0) {
    return (
      <EmptyState icon={ChartNoAxesColumn} title={`No requests in ${USAGE_DAYS} days`}>
        Requests appear here within seconds. To see what the key can do, run:
        <CodeBlock
          className="mt-4 text-left"
          code={`curl ${window.location.origin}/v1/api-keys/self \\\n  -H "Authorization: Bearer $APPFLOW_API_KEY"`}
        />
      </EmptyState>
    );
  }
  return (
    <div className="grid gap-5">
      <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        {OUTCOMES.map(({ name, label }) => (
          <div key={name} className="rounded-lg border px-3 py-2">
            <dt className="text-soft text-xs">{label}</dt>
            <dd className="font-semibold text-lg tabular-nums tracking-tight">{formatCount(sum(name))}</dd>
          </div>
        ))}
      </dl>
      <figure>
        <Sparkline
          values={days.map(totalRequests)}
          label={`${formatAmount(total, 'request')} over ${USAGE_DAYS} days`}
          className="h-24 w-full"
        />
        <figcaption className="mt-1 flex justify-between text-soft text-xs">
          <span>{formatDay(days[0]?.day ?? '')}</span>
          <span>Requests per day (UTC)</span>
          <span>{formatDay(days.at(-1)?.day ?? '')}</span>
        </figcaption>
      </figure>
      <DayTable days={days} />
    </div>
  );
}

function DayTable({ days }: { days: readonly UsageDay[] }) {
  const busy = days.filter((day) => totalRequests(day) > 0).toReversed();
  return (
    <div className="rounded-lg border">
      <Table label="Requests by day">
        <thead>
          <HeadRow>
            <Head>Day</Head>
            {OUTCOMES.map(({ name, label }) => (
              <Head key={name} className="text-right">
                {label}
              </Head>
            ))}
          </HeadRow>
        </thead>
        <tbody>
          {busy.map((day) => (
            <Row key={day.day}>
              <Cell className="whitespace-nowrap">{formatDay(day.day)}</Cell>
              {OUTCOMES.map(({ name }) => (
                <Cell key={name} className="text-right tabular-nums">
                  {day[name] === 0 ? <span className="text-soft">0</span> : formatCount(day[name])}
                </Cell>
              ))}
            </Row>
          ))}
        </tbody>
      </Table>
    </div>
  );
}
