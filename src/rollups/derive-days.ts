import type { Day } from '../lib/calendar.ts';
import { DAY_MS } from '../lib/durations.ts';
import { daySql, timeCondition } from '../warehouse/day-sql.ts';
import { bind } from '../warehouse/engine/bind.ts';
import type { Gateway } from '../warehouse/engine/gateway.ts';
import { type BoundSql, REVENUE_SQL } from '../warehouse/event-sql.ts';
import { COUNTED_SQL } from '../warehouse/integrity/derive-sql.ts';
import { COPY_VERSION_SQL } from './linked-days.ts';

/** Days of one app to derive from the events up to block `block`, and the version of the result. */
export type Derivation = {
  projectId: string;
  appId: string;
  timezone: string;
  days: readonly Day[];
  version: number;
  slot: 0 | 1;
  block: number;
};

/** The columns of `user_day_values` and `revenue_days` that queries filter by. */
export const VALUE_COLUMNS = ['event_name', 'platform', 'country', 'app_version'] as const;

const VALUES = VALUE_COLUMNS.join(', ');
const KEY = '{project_id:String} AS project_id, {app_id:String} AS app_id, day, {slot:UInt8} AS slot';
/** The events, with `day`. */
const eventsSql = (
  day: BoundSql,
  time: BoundSql,
) => `SELECT ${day.sql} AS day, sipHash64(app_user_id) AS user, session_id, ${VALUES}, currency, verified, ${REVENUE_SQL} AS amount
  FROM events WHERE project_id = {project_id:String} AND app_id = {app_id:String} AND ${COUNTED_SQL}
  AND ${time.sql} AND block <= {block:UInt64} AND has({days:Array(Int32)}, day)`;

const listInserts = (events: string) => [
  `INSERT INTO user_days (project_id, app_id, day, slot, user, events, sessions, version)
  SELECT ${KEY}, user, count(), groupUniqArrayIf(sipHash64(session_id), session_id != ''), {version:UInt64}
  FROM (${events}) GROUP BY day, user`,
  `INSERT INTO user_day_values (project_id, app_id, day, slot, user, ${VALUES}, events, version)
  SELECT ${KEY}, user, ${VALUES}, count(), {version:UInt64} FROM (${events}) GROUP BY day, user, ${VALUES}`,
  `INSERT INTO revenue_days (project_id, app_id, day, slot, currency, verified, ${VALUES}, amount, version)
  SELECT ${KEY}, currency, verified, ${VALUES}, sum(amount), {version:UInt64} FROM (${events})
  WHERE amount IS NOT NULL GROUP BY day, currency, verified, ${VALUES}`,
  COPY_VERSION_SQL,
];

/** Derives the rows of some days. They count once their version does: a failure in the middle changes no answer. Rejects with StorageError. */
export async function deriveDays(gateway: Pick<Gateway, 'command'>, derivation: Derivation): Promise<void> {
  const { days, projectId, appId, timezone, version, slot, block } = derivation;
  const [first, last] = [Math.min(...days), Math.max(...days)];
  const zone = { timezone, range: { first, last } };
  const [day, time] = [daySql(zone, 'timestamp'), timeCondition(zone)];
  const params = {
    ...{ first, last },
    project_id: projectId,
    app_id: appId,
    days,
    version,
    slot,
    block,
    ...day.params,
    ...time.params,
  };
  for (const insert of listInserts(eventsSql(day, time))) await gateway.command(bind(insert, params));
}

/** Events of one step: a second or two of work by one thread. */
const STEP_EVENTS = 1_000_000;
/** Days between those of a step are read too. */
const GAP_DAYS = 3;

/** Returns the days as steps of few enough events to be derived in one go. Rejects with StorageError. */
export async function splitDays(
  gateway: Pick<Gateway, 'query'>,
  { projectId, appId, timezone, days }: Pick<Derivation, 'projectId' | 'appId' | 'timezone' | 'days'>,
): Promise<Day[][]> {
  if (days.length <= 1) return [[...days]];
  const [first = 0, last = 0] = [days[0], days.at(-1)];
  const time = timeCondition({ timezone, range: { first, last } });
  // By UTC day, which is close enough.
  const rows = await gateway.query<{ day: number; events: string }>(
    `SELECT toInt32(intDiv(toUnixTimestamp64Milli(timestamp), ${DAY_MS})) AS day, count() AS events FROM events
    WHERE project_id = {project_id:String} AND app_id = {app_id:String} AND ${time.sql}
    GROUP BY day`,
    { project_id: projectId, app_id: appId, ...time.params },
  );
  const counts = new Map(rows.map(({ day, events }) => [day, Number(events)]));
  const steps: Day[][] = [];
  let events = STEP_EVENTS;
  for (const day of days) {
    const count = counts.get(day) ?? 0;
    const step = steps.at(-1);
    const isFar = step !== undefined && day > (step.at(-1) ?? day) + GAP_DAYS;
    if (step === undefined || isFar || events + count > STEP_EVENTS) {
      steps.push([day]);
      events = count;
    } else {
      step.push(day);
      events += count;
    }
  }
  return steps;
}
