import { type Static, Type } from 'typebox';
import type { Caller } from '../api/caller.ts';
import { validationFailed } from '../api/errors.ts';
import { listAllowedApps } from '../api/resources.ts';
import type { App } from '../directory/app.ts';
import { DAY_MS } from '../lib/durations.ts';
import { closedObject, component } from '../lib/schema.ts';
import { parseTimestamp } from '../lib/timestamp.ts';
import { buildFilter, EVENT_FILTERS, matchingSql } from './event-filter.ts';
import {
  countBucketsAtMost,
  HISTOGRAM_INTERVALS,
  type HistogramInterval,
  listBucketStarts,
} from './histogram-buckets.ts';
import type { EventServices } from './search.ts';

const DAYS_DEFAULT = 30;
const BUCKETS_MAX = 1_000;

/** Query parameters of the histogram: the filters of search, and how to divide the time. */
export const HISTOGRAM_QUERY = closedObject({
  ...EVENT_FILTERS,
  from: Type.Optional(
    Type.String({
      format: 'date-time',
      description: `Events at or after this time (default: ${DAYS_DEFAULT} days before \`to\`).`,
    }),
  ),
  to: Type.Optional(
    Type.String({ format: 'date-time', description: 'Events before this time (default: now).' }),
  ),
  interval: Type.Optional(
    Type.Enum([...HISTOGRAM_INTERVALS], {
      description: `How long each bucket is (default: \`day\`). There can be ${BUCKETS_MAX.toLocaleString('en-US')} buckets.`,
    }),
  ),
  timezone: Type.Optional(
    Type.String({
      format: 'timezone',
      description:
        'IANA name of the time zone that hours and days start in (default: the time zone of the app, or of the first one).',
    }),
  ),
});

type HistogramQuery = Static<typeof HISTOGRAM_QUERY>;

/** Answer of the histogram. */
export const HISTOGRAM_ANSWER = component(
  'EventHistogram',
  closedObject({
    data: Type.Array(
      closedObject({
        start: Type.String({
          format: 'date-time',
          description: 'When the bucket begins; the first can begin before `from`.',
        }),
        events: Type.Integer({ minimum: 0, description: 'The matching events.' }),
      }),
      { description: 'Every bucket of the range, oldest first.' },
    ),
    meta: closedObject({
      from: Type.String({ format: 'date-time', description: 'Events at or after this time.' }),
      to: Type.String({ format: 'date-time', description: 'Events before this time.' }),
      interval: Type.Enum([...HISTOGRAM_INTERVALS], { description: 'How long each bucket is.' }),
      timezone: Type.String({ description: 'IANA name of the time zone that hours and days start in.' }),
    }),
  }),
  { description: 'How many events match, hour by hour or day by day.' },
);

/** Returns how many events match in each hour or day. Throws 422, StorageError. */
export async function countHistogram(
  { warehouse, directory, clock }: EventServices,
  caller: Caller,
  app: App | undefined,
  query: HistogramQuery,
  signal: AbortSignal,
): Promise<Static<typeof HISTOGRAM_ANSWER>> {
  const apps = query.app_id !== undefined && app ? [app] : listAllowedApps(directory, caller);
  const { interval = 'day', timezone = apps[0]?.timezone ?? 'UTC' } = query;
  const { from, to } = resolveTimes(query, interval, clock.now());
  const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  const filter = buildFilter(
    caller.project.id,
    apps.map(({ id }) => id),
    { ...query, ...times },
  );
  const starts = listBucketStarts(interval, timezone, from, to);
  const rows = await warehouse.query<{ start: string; events: string }>(
    `SELECT roundDown(toUnixTimestamp64Milli(timestamp), {starts:Array(Int64)}) AS start, count() AS events
     FROM ${matchingSql(filter)} GROUP BY start`,
    { ...filter.params, starts },
    { signal, isLight: query.property === undefined && query.where === undefined },
  );
  const counts = new Map(rows.map(({ start, events }) => [Number(start), Number(events)]));
  return {
    data: starts.map((start) => ({ start: new Date(start).toISOString(), events: counts.get(start) ?? 0 })),
    meta: { ...times, interval, timezone },
  };
}

/** Returns the times in epoch milliseconds, with their defaults. Throws 422 for a range of too many buckets. */
function resolveTimes(
  query: HistogramQuery,
  interval: HistogramInterval,
  nowMs: number,
): { from: number; to: number } {
  const given = (text: string | undefined) => (text === undefined ? undefined : parseTimestamp(text));
  const to = given(query.to) ?? nowMs;
  const from = given(query.from) ?? to - DAYS_DEFAULT * DAY_MS;
  if (from >= to) {
    throw validationFailed([{ field: 'to', code: 'out_of_range', message: 'to must be later than from.' }]);
  }
  if (countBucketsAtMost(interval, from, to) > BUCKETS_MAX) {
    const message = `from must be at most ${BUCKETS_MAX - 1} ${interval}s before to.`;
    throw validationFailed([{ field: 'from', code: 'out_of_range', message }]);
  }
  return { from, to };
}
