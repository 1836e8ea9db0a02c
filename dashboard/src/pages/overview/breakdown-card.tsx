import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { List } from 'lucide-react';
import type { ReactNode } from 'react';
import { useProject } from '../../api/project.ts';
import { type Bar, BarList } from '../../components/bar-list.tsx';
import { InfoTip } from '../../components/info-tip.tsx';
import { ErrorState } from '../../components/states.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { ALL_APPS } from '../../lib/all-apps.ts';
import { toEventsSearch } from '../../lib/analytics-filters.ts';
import { cn } from '../../lib/class-names.ts';
import { formatDaySelection } from '../../lib/day-range.ts';
import { DIMENSIONS, type Dimension, valueLabel } from '../../lib/dimensions.ts';
import { formatShare } from '../../lib/format.ts';
import { type OverviewParams, topValuesQuery } from './overview-queries.ts';
import type { Measure } from './range.ts';
import { type Amount, type Ranking, rankValues } from './ranking.ts';

type BreakdownCardProps = {
  by: Dimension;
  measure: Measure;
  params: OverviewParams;
  /** Shows only the events with this value. */
  onFilter: (value: string) => void;
};

/** The largest values of one dimension, as bars with their share. */
export function BreakdownCard({ by, measure, params, onFilter }: BreakdownCardProps) {
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
            params={params}
            onFilter={onFilter}
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

type ValuesProps = Omit<BreakdownCardProps, 'measure'> & { ranking: Ranking };

function Values({ ranking: { rows, other }, ...rest }: ValuesProps) {
  const toBar = (key: string, label: ReactNode, { weight, text, share }: Amount): Bar => ({
    key,
    label,
    weight,
    value: text,
    aside: share === null ? undefined : formatShare(share),
  });
  if (rows.length === 0) return <p className="px-2.5 pb-2 text-note text-soft">No data in this range</p>;
  const bars = rows.map((row) =>
    toBar(`=${row.value ?? ''}`, <ValueName value={row.value} {...rest} />, row),
  );
  const others = other && toBar('other', <span className="text-soft">Other</span>, other);
  return <BarList label={DIMENSIONS[rest.by].title} bars={others ? [...bars, others] : bars} />;
}

/** A value: a click filters by it, and a link leads to its events. */
function ValueName({ value, by, params, onFilter }: Omit<ValuesProps, 'ranking'> & { value: string | null }) {
  const { can } = useProject();
  const name = value === null || value === '' ? 'Unknown' : valueLabel(by, value);
  return (
    <span className="flex min-w-0 items-center gap-1.5">
      <button
        type="button"
        onClick={() => onFilter(value ?? '')}
        className={cn(
          'truncate text-left underline-offset-4 hover:underline',
          name === 'Unknown' && 'text-soft italic',
        )}
      >
        {name}
        <span className="sr-only">, filter by it</span>
      </button>
      {value && can('events:read') && <EventsLink value={value} name={name} by={by} params={params} />}
    </span>
  );
}

type EventsLinkProps = { value: string; name: string; by: Dimension; params: OverviewParams };

function EventsLink({ value, name, by, params }: EventsLinkProps) {
  const { projectId, appId, selection, filters } = params;
  const found = toEventsSearch([...filters.filter(({ field }) => field !== by), { field: by, value }]);
  return (
    <Link
      to="/p/$projectId/events"
      params={{ projectId }}
      search={(search) => ({
        ...(search.app && { app: search.app }),
        ...(appId === ALL_APPS && { apps: ALL_APPS }),
        ...found,
        range: formatDaySelection(selection),
      })}
      aria-label={`Events of ${name}`}
      className="shrink-0 rounded-sm p-0.5 text-soft opacity-60 hover:text-foreground hover:opacity-100 focus-visible:opacity-100"
    >
      <List className="size-3.5" aria-hidden />
    </Link>
  );
}
