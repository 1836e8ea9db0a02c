import { setImmediate } from 'node:timers/promises';
import { type SqlBool, sql } from 'kysely';
import type { Control, ControlTransaction } from '../control/control.ts';
import { DAY_MS } from '../lib/durations.ts';
import { NAMES_PER_APP, type NameRow } from './name-tally.ts';

/** Which names to compare: those of a project, or of some of its apps. */
export type NameFilter = { projectId: string; appIds: readonly string[] | undefined };

/** A name as it was sent. Times are epoch milliseconds. */
export type CollidingName = { name: string; events: number; firstAt: number; lastAt: number };

/** Different names that were stored as one: the most frequent ones, of `nameCount` together. */
export type NameCollision = {
  eventName: string;
  events: number;
  nameCount: number;
  names: CollidingName[];
};

/** Collisions of an answer: those of the most events. */
export const COLLISIONS_MAX = 100;

/** Names that a collision lists: the most frequent ones. */
export const COLLIDING_NAMES_MAX = 20;

/** What identifies a row. */
export const NAME_KEY = ['project_id', 'app_id', 'event_name', 'sent_name'] as const;

const ROWS_PER_STATEMENT = 200;
const ROWS_MAX = 1_000_000;

/** Adds names to those in the database, and deletes those that an app has too many. In parts, like counts. */
export async function saveNames(tx: ControlTransaction, rows: readonly NameRow[]): Promise<void> {
  for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
    if (start > 0) await setImmediate();
    await tx
      .insertInto('event_names')
      .values(rows.slice(start, start + ROWS_PER_STATEMENT))
      .onConflict((conflict) =>
        conflict.columns(NAME_KEY).doUpdateSet((eb) => ({
          count: eb('event_names.count', '+', eb.ref('excluded.count')),
          last_at: eb
            .case()
            .when('excluded.last_at', '>', eb.ref('event_names.last_at'))
            .then(eb.ref('excluded.last_at'))
            .else(eb.ref('event_names.last_at'))
            .end(),
        })),
      )
      .execute();
  }
  const appIds = [...new Set(rows.map(({ app_id }) => app_id))];
  for (let start = 0; start < appIds.length; start += ROWS_PER_STATEMENT)
    await deleteOldest(tx, appIds.slice(start, start + ROWS_PER_STATEMENT));
}

/** First those that collide with no other name of the app, which IDs in names do not either, then those not sent for longest. */
async function deleteOldest(tx: ControlTransaction, appIds: readonly string[]): Promise<void> {
  const full = await tx
    .selectFrom('event_names')
    .select(['project_id', 'app_id'])
    .where('app_id', 'in', appIds)
    .groupBy(['project_id', 'app_id'])
    .having(({ fn }) => fn.countAll(), '>', NAMES_PER_APP)
    .execute();
  for (const { project_id, app_id } of full) {
    const oldest = tx
      .selectFrom('event_names')
      .select(['event_name', 'sent_name'])
      .where('project_id', '=', project_id)
      .where('app_id', '=', app_id)
      .orderBy(sql`CASE WHEN count(*) OVER (PARTITION BY event_name) > 1 THEN 0 ELSE 1 END`)
      .orderBy('last_at', 'desc')
      .orderBy('event_name')
      .orderBy('sent_name')
      // SQLite has no offset without a limit.
      .limit(ROWS_MAX)
      .offset(NAMES_PER_APP);
    await tx
      .deleteFrom('event_names')
      .where('project_id', '=', project_id)
      .where('app_id', '=', app_id)
      .where(sql<SqlBool>`(event_name, sent_name) IN (${oldest})`)
      .execute();
  }
}

/** Deletes the names that were last sent before `now - keptMs`, or before what their project retains (epoch milliseconds). */
export async function pruneNames(db: Control['db'], now: number, keptMs: number): Promise<void> {
  await db
    .deleteFrom('event_names')
    .where('last_at', '<', now - keptMs)
    .execute();
  const projects = await db
    .selectFrom('projects')
    .select(['id', 'retention_days'])
    .where('retention_days', '<', keptMs / DAY_MS)
    .execute();
  for (const { id, retention_days } of projects) {
    if (retention_days === null) continue;
    await db
      .deleteFrom('event_names')
      .where('project_id', '=', id)
      .where('last_at', '<', now - retention_days * DAY_MS)
      .execute();
  }
}

/**
 * Returns the stored names that stand for different sent ones, those of the most events first, without those of deleted apps. Names that
 * SDKs send by themselves are meant to be the same.
 */
export async function listCollisions(
  { db }: Pick<Control, 'db'>,
  filter: NameFilter,
): Promise<NameCollision[]> {
  const collisions = await selectNames(db, filter)
    .select(({ fn }) => [
      'event_name',
      fn.sum<number>('count').as('events'),
      fn.count<number>('sent_name').distinct().as('names'),
    ])
    .groupBy('event_name')
    .having(({ fn }) => fn.count('sent_name').distinct(), '>', 1)
    .having(({ fn }) => fn.min('is_automatic'), '=', 0)
    .orderBy('events', 'desc')
    .orderBy('event_name')
    .limit(COLLISIONS_MAX)
    .execute();
  if (collisions.length === 0) return [];
  const rows = await selectFrequent(
    db,
    filter,
    collisions.map(({ event_name }) => event_name),
  ).execute();
  const byEventName = Map.groupBy(rows, ({ event_name }) => event_name);
  return collisions.map(({ event_name, events, names }) => ({
    eventName: event_name,
    events: Number(events),
    nameCount: Number(names),
    names: (byEventName.get(event_name) ?? []).map((row) => ({
      name: row.sent_name,
      events: Number(row.events),
      firstAt: row.first_at,
      lastAt: row.last_at,
    })),
  }));
}

function selectNames(db: Control['db'], { projectId, appIds }: NameFilter) {
  const deleted = db
    .selectFrom('apps')
    .select('id')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is not', null);
  const query = db
    .selectFrom('event_names')
    .where('project_id', '=', projectId)
    .where('app_id', 'not in', deleted);
  return appIds === undefined ? query : query.where('app_id', 'in', [...appIds]);
}

/** Selects the most frequent names of each stored name, in one statement: each one blocks the process while SQLite runs it. */
function selectFrequent(db: Control['db'], filter: NameFilter, eventNames: readonly string[]) {
  const sent = selectNames(db, filter)
    .where('event_name', 'in', eventNames)
    .select(({ fn }) => [
      'event_name',
      'sent_name',
      fn.sum<number>('count').as('events'),
      fn.min('first_at').as('first_at'),
      fn.max('last_at').as('last_at'),
    ])
    .groupBy(['event_name', 'sent_name']);
  const ranked = db
    .selectFrom(sent.as('sent'))
    .selectAll()
    .select(
      sql<number>`row_number() OVER (PARTITION BY event_name ORDER BY events DESC, sent_name)`.as('position'),
    );
  return db
    .selectFrom(ranked.as('ranked'))
    .selectAll()
    .where('position', '<=', COLLIDING_NAMES_MAX)
    .orderBy('event_name')
    .orderBy('position');
}
