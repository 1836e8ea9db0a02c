import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { NameCollision } from '../../api/answers.ts';
import { collisionsQuery } from '../../api/ingestion.ts';
import { useProject } from '../../api/project.ts';
import { QueryState } from '../../components/query-state.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Code } from '../../components/ui/badge.tsx';
import { Button } from '../../components/ui/button.tsx';
import { Card, CardHeader } from '../../components/ui/card.tsx';
import { formatAmount, formatCount } from '../../lib/format.ts';

const FRESH_MS = 30_000;
const SHOWN = 10;

/** Different names that are stored as one, whatever the range and the filters. Nothing if there are none. */
export function CollisionsCard() {
  const { project } = useProject();
  const query = useQuery({ ...collisionsQuery(project.id), refetchInterval: FRESH_MS });
  if (!query.isError && (query.data?.data ?? []).length === 0) return null;
  return (
    <Card>
      <CardHeader
        title="Colliding names"
        description="Different event names that are stored as one, and therefore counted together. Rename one of them in the app if they mean different things. All keys and SDKs; names received in the last 90 days, or for as long as the project keeps events."
      />
      <div className="border-t">
        <QueryState query={query} what="Couldn't load colliding names" pending={null}>
          {({ data }) => <Collisions collisions={data} />}
        </QueryState>
      </div>
    </Card>
  );
}

function Collisions({ collisions }: { collisions: readonly NameCollision[] }) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? collisions : collisions.slice(0, SHOWN);
  return (
    <>
      <ul aria-label="Colliding names" className="divide-y">
        {shown.map((collision) => (
          <Collision key={collision.event_name} collision={collision} />
        ))}
      </ul>
      {shown.length < collisions.length && (
        <div className="border-t p-3 text-center">
          <Button size="sm" onClick={() => setWhole(true)}>
            Show all {formatCount(collisions.length)}
          </Button>
        </div>
      )}
    </>
  );
}

function Collision({ collision }: { collision: NameCollision }) {
  const { event_name, events, name_count, names } = collision;
  const more = name_count - names.length;
  return (
    <li className="px-5 py-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <p className="min-w-0 text-note">
          {formatCount(name_count)} names are stored as <Code className="wrap-anywhere">{event_name}</Code>
        </p>
        <span className="font-medium text-note tabular-nums">{formatAmount(events, 'event')}</span>
      </div>
      <ul aria-label={`Names stored as ${event_name}`} className="mt-1.5 grid gap-1 text-note">
        {names.map(({ name, events: count, last_at }) => (
          <li key={name} className="flex flex-wrap items-baseline justify-between gap-x-4">
            <bdi className="wrap-anywhere min-w-0">{name}</bdi>
            <span className="text-soft tabular-nums">
              {formatAmount(count, 'event')}, last <TimeAgo at={last_at} />
            </span>
          </li>
        ))}
        {more > 0 && <li className="text-soft">and {formatAmount(more, 'other name')}</li>}
      </ul>
    </li>
  );
}
