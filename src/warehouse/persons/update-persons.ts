import type { Gateway } from '../engine/gateway.ts';
import { compareLinks, type Link, resolveLinks } from './resolve-links.ts';

/** The app that links belong to: IDs are linked inside one app only. */
export type LinkedApp = { projectId: string; appId: string };

/** An ID whose person has changed. */
export type ChangedPerson = { id: string; person: string };

/** What new links change, and which of them have no effect because their two IDs are different persons. */
export type PersonUpdate = { changed: ChangedPerson[]; conflicts: Link[] };

/** IDs in one statement: some hundred kilobytes. */
const IDS_PER_QUERY = 5_000;

const APP_SQL = 'project_id = {project_id:String} AND app_id = {app_id:String}';
/** The condition for rows of the IDs that `queryByIds` asks for. */
const OF_IDS_SQL = `${APP_SQL} AND id IN {ids:Array(String)}`;

/** SQL for the columns of a Link, in rows of `links` that begin with its anonymous ID. */
const LINK_SQL = `id AS anonymousId, other AS appUserId, toUnixTimestamp64Milli(timestamp) AS timestamp,
  event_id AS eventId, verified`;

/**
 * Returns what links that were just stored in `links` change. Reads only what they can affect: the links of all IDs that were
 * the same person as one of their anonymous IDs. An ID of another person ends there: no chain of its can come back, for then
 * it would be the same person. Takes the same few statements however long the chains are. Rejects with StorageError.
 */
export async function findPersonUpdate(
  gateway: Pick<Gateway, 'query'>,
  app: LinkedApp,
  added: readonly Link[],
): Promise<PersonUpdate> {
  const ids = [...new Set(added.flatMap(({ anonymousId, appUserId }) => [anonymousId, appUserId]))];
  const known = await readPersons(gateway, app, ids);
  const starts = await listAffectedStarts(gateway, app, { added, known });
  const members = await readMembers(gateway, app, new Set(starts.map((id) => known.get(id) ?? id)));
  for (const id of starts) if (!members.has(id)) members.set(id, known.get(id) ?? id);
  const links = await readLinksFrom(gateway, app, [...members.keys()]);
  const ends = resolveLinks(links);
  const outside = [...new Set(ends.values())].filter((end) => !members.has(end) && !known.has(end));
  const others = await readPersons(gateway, app, outside);
  const personOf = (id: string): string => {
    const end = members.has(id) ? (ends.get(id) ?? id) : id;
    return members.has(end) ? end : (known.get(end) ?? others.get(end) ?? end);
  };
  return {
    changed: [...members]
      .map(([id, before]) => ({ id, before, person: personOf(id) }))
      .filter(({ before, person }) => before !== person)
      .map(({ id, person }) => ({ id, person })),
    conflicts: added.filter(({ anonymousId, appUserId }) => personOf(anonymousId) !== personOf(appUserId)),
  };
}

/**
 * Returns the version of persons that change: `version`, or one more than the highest that is stored of them. After an
 * interrupted insert, earlier blocks are read after later ones. Rejects with StorageError.
 */
export async function findNextVersion(
  gateway: Pick<Gateway, 'query'>,
  app: LinkedApp,
  changed: readonly ChangedPerson[],
  version: number,
): Promise<number> {
  const rows = await queryByIds<{ highest: string }>(
    gateway,
    app,
    changed.map(({ id }) => id),
    `SELECT max(version) AS highest FROM person_ids WHERE ${OF_IDS_SQL}`,
  );
  return rows.reduce((next, { highest }) => Math.max(next, Number(highest) + 1), version);
}

/** Reads the stored person of each ID that has one. */
export async function readPersons(
  gateway: Pick<Gateway, 'query'>,
  app: LinkedApp,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const rows = await queryByIds<ChangedPerson>(
    gateway,
    app,
    ids,
    `SELECT id, argMax(person, version) AS person FROM person_ids WHERE ${OF_IDS_SQL} GROUP BY id`,
  );
  return new Map(rows.map(({ id, person }) => [id, person]));
}

/**
 * Returns the anonymous IDs whose links may have changed something. A link later than an older one of an ID that already
 * belongs to another has no effect, which is nearly every repeated `$identify`.
 */
async function listAffectedStarts(
  gateway: Pick<Gateway, 'query'>,
  app: LinkedApp,
  { added, known }: { added: readonly Link[]; known: ReadonlyMap<string, string> },
): Promise<string[]> {
  const byStart = Map.groupBy(added, ({ anonymousId }) => anonymousId);
  const linked = [...byStart.keys()].filter((id) => (known.get(id) ?? id) !== id);
  const stored = Map.groupBy(await readLinksFrom(gateway, app, linked), ({ anonymousId }) => anonymousId);
  return [...byStart].flatMap(([id, links]) => {
    const isAdded = (link: Link) => links.some((one) => compareLinks(one, link) === 0);
    const older = (stored.get(id) ?? []).filter((link) => !isAdded(link));
    const hasNoEffect =
      older.length > 0 && older.every((link) => links.every((one) => compareLinks(link, one) < 0));
    return hasNoEffect ? [] : [id];
  });
}

/** Longer chains are rare; all linked IDs of the app are read for them. */
const HOPS_MAX = 8;

/** Reads the IDs of some persons, by ID, with the person that is stored for each; the persons' own IDs are among them. */
async function readMembers(
  gateway: Pick<Gateway, 'query'>,
  app: LinkedApp,
  persons: ReadonlySet<string>,
): Promise<Map<string, string>> {
  const members = new Map([...persons].map((person) => [person, person]));
  let last = [...persons];
  // All IDs between an ID and its person belong to that person.
  for (let hop = 0; hop < HOPS_MAX; hop += 1) {
    const linking = (await readLinking(gateway, app, last)).filter((id) => !members.has(id));
    const found = [...(await readPersons(gateway, app, linking))].filter(([, person]) => persons.has(person));
    if (found.length === 0) return members;
    for (const [id, person] of found) members.set(id, person);
    last = found.map(([id]) => id);
  }
  const rows = await queryByIds<ChangedPerson>(
    gateway,
    app,
    [...persons],
    `SELECT id, argMax(person, version) AS person FROM person_ids WHERE ${APP_SQL}
     GROUP BY id HAVING person IN {ids:Array(String)}`,
  );
  for (const { id, person } of rows) members.set(id, person);
  return members;
}

/** Reads the IDs that have a link to some IDs. */
export async function readLinking(
  gateway: Pick<Gateway, 'query'>,
  app: LinkedApp,
  ids: readonly string[],
): Promise<string[]> {
  const sql = `SELECT DISTINCT other FROM links WHERE ${OF_IDS_SQL} AND is_target = 1`;
  const rows = await queryByIds<{ other: string }>(gateway, app, ids, sql);
  return rows.map(({ other }) => other);
}

/** Reads the links of some IDs to others. */
export async function readLinksFrom(
  gateway: Pick<Gateway, 'query'>,
  app: LinkedApp,
  ids: readonly string[],
): Promise<Link[]> {
  const rows = await queryByIds<Omit<Link, 'timestamp'> & { timestamp: string }>(
    gateway,
    app,
    ids,
    `SELECT DISTINCT ${LINK_SQL} FROM links WHERE ${OF_IDS_SQL} AND is_target = 0`,
  );
  return rows.map((row) => ({ ...row, timestamp: Number(row.timestamp) }));
}

/** Runs a query about some IDs of an app, in as many statements as they need, and returns the rows of all. */
async function queryByIds<Row>(
  { query }: Pick<Gateway, 'query'>,
  { projectId, appId }: LinkedApp,
  ids: readonly string[],
  sql: string,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let from = 0; from < ids.length; from += IDS_PER_QUERY) {
    const some = ids.slice(from, from + IDS_PER_QUERY);
    for (const row of await query<Row>(sql, { project_id: projectId, app_id: appId, ids: some }))
      rows.push(row);
  }
  return rows;
}
