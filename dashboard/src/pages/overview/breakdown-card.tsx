import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useProject } from '../../api/project.ts';
import { type Bar, BarList } from '../../components/bar-list.tsx';
import { InfoTip } from '../../components/info-tip.tsx';
import { ErrorState } from '../../components/states.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { formatDaySelection } from '../../lib/day-range.ts';
import { formatShare } from '../../lib/format.ts';
import { DIMENSIONS, type Dimension, valueLabel } from './dimensions.ts';
import { type OverviewParams, topValuesQuery } from './overview-queries.ts';
import type { Measure } from './range.ts';
import { type Amount, type Ranking, rankValues } from './ranking.ts';

type BreakdownCardProps = { by: Dimension; measure: Measure; params: OverviewParams };

/** The largest values of one dimension, as bars with their share. */
export function BreakdownCard({ by, measure, params }: BreakdownCardProps) {
  const { data, error, refetch, isPlaceholderData } = useQuery({
    ...topValuesQuery(params, by, measure),
    placeholderData: keepPreviousData,
  });
  const { title } = DIMENSIONS[by];
  const definitions = Object.values(data?.meta.definitions ?? {});
  return (
    <Card>
      <CardHeader
        title={
          <span className="flex items-center gap-1">
            {title}
            {measure === 'revenue' && <span className="font-normal text-soft">in {params.currency}</span>}
            {definitions.length > 0 && <InfoTip about={title}>{definitions.join(' ')}</InfoTip>}
          </span>
        }
      />
      {data ? (
        <CardBody className={isPlaceholderData ? 'px-2.5 opacity-60 transition-opacity' : 'px-2.5'}>
          <Values
            ranking={rankValues(data, { by, measure, currency: params.currency })}
            by={by}
            range={formatDaySelection(params.days)}
          />
        </CardBody>
      ) : error ? (
        <ErrorState what={`Couldn't load ${title.toLowerCase()}`} error={error} onRetry={refetch} />
      ) : (
        <SkeletonRows rows={4} />
      )}
    </Card>
  );
}

type ValuesProps = { ranking: Ranking; by: Dimension; range: string };

function Values({ ranking: { rows, other }, by, range }: ValuesProps) {
  const toBar = (key: string, label: ReactNode, { weight, text, share }: Amount): Bar => ({
    key,
    label,
    weight,
    value: text,
    aside: share === null ? undefined : formatShare(share),
  });
  if (rows.length === 0) return <p className="px-2.5 pb-2 text-note text-soft">No data in this range</p>;
  const bars = rows.map((row) =>
    toBar(`=${row.value ?? ''}`, <ValueName value={row.value} by={by} range={range} />, row),
  );
  const rest = other && toBar('other', <span className="text-soft">Other</span>, other);
  return <BarList label={DIMENSIONS[by].title} bars={rest ? [...bars, rest] : bars} />;
}

/** A value, as a link to its events. */
function ValueName({ value, by, range }: { value: string | null; by: Dimension; range: string }) {
  const { project, can } = useProject();
  if (value === null || value === '') return <span className="text-soft italic">Unknown</span>;
  if (!can('events:read')) return valueLabel(by, value);
  const filter = by === 'event_name' ? { event_name: [value] } : { [by]: value };
  return (
    <Link
      to="/p/$projectId/events"
      params={{ projectId: project.id }}
      search={(search) => ({ ...(search.app && { app: search.app }), ...filter, range })}
      className="underline-offset-4 hover:underline"
    >
      {valueLabel(by, value)}
    </Link>
  );
}
