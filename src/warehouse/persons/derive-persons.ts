import { bind } from '../engine/bind.ts';
import type { Gateway } from '../engine/gateway.ts';
import { type BlockRange, type OfProject, readPersonEvents } from './read-person-events.ts';
import { readUserProperties, USER_PROPERTY_COLUMNS } from './read-reserved.ts';
import { type Link, resolveLinks } from './resolve-links.ts';

/** Where derived rows go, and what the statements begin with that insert them. */
export type Destination = { table: string; mark?: string };

/** SQL for the `$identify` events that link two IDs, as `anonymous_id` and `app_user_id`. */
const IDENTIFIED_SQL = `(SELECT * FROM (
  SELECT project_id, app_id, JSONExtractString(properties, 'anonymous_id') AS anonymous_id, app_user_id, timestamp,
    event_id, verified, block
  FROM events WHERE event_name = '$identify'
) WHERE anonymous_id != '' AND anonymous_id != app_user_id)`;

/** Derives the links of all events, each under both of its IDs; more conditions can be added with AND. */
export const DERIVE_LINKS_SQL = `INSERT INTO links (project_id, app_id, id, is_target, other, timestamp, event_id, verified)
SELECT project_id, app_id, if(is_target = 1, app_user_id, anonymous_id) AS id, is_target,
  if(is_target = 1, anonymous_id, app_user_id) AS other, timestamp, event_id, verified
FROM ${IDENTIFIED_SQL} ARRAY JOIN [toUInt8(0), toUInt8(1)] AS is_target WHERE 1`;

/** SQL for the same of all links, or those of one project: retention keeps some after their events are gone. */
const linkedSql = ({ projectId }: OfProject) => `(
  SELECT project_id, app_id, other AS anonymous_id, id AS app_user_id, timestamp, event_id, verified
  FROM links WHERE is_target = 1${projectId === undefined ? '' : bind(' AND project_id = {id:String}', { id: projectId })}
)`;

/**
 * SQL for each anonymous ID that links to one other ID only, if that one links to none and no ID links to the anonymous one:
 * its person is that other ID. Nearly every link is like this.
 */
const simpleSql = (
  linked: string,
) => `SELECT project_id, app_id, anonymous_id AS id, any(app_user_id) AS person FROM ${linked}
GROUP BY project_id, app_id, anonymous_id
HAVING uniqExact(app_user_id) = 1
  AND (project_id, app_id, person) NOT IN (SELECT project_id, app_id, anonymous_id FROM ${linked})
  AND (project_id, app_id, id) NOT IN (SELECT project_id, app_id, app_user_id FROM ${linked})`;

/** SQL for the links of all other IDs: their chains contain no simple one. */
const involvedSql = (linked: string) => `${linked}
WHERE (project_id, app_id, anonymous_id) NOT IN (SELECT project_id, app_id, id FROM (${simpleSql(linked)}))`;

const toInsert = ({ table, mark = '' }: Destination, columns: string) =>
  `${mark} INSERT INTO ${table} (${columns})`;

const PERSON_COLUMNS = 'project_id, app_id, id, person, version';

/**
 * Derives the persons of all linked IDs from their links, as of the highest block. Only links that need following are read
 * into memory, those of one app at a time. Rejects with StorageError.
 */
export async function derivePersonIds(
  gateway: Gateway,
  destination: Destination,
  of: OfProject = {},
): Promise<void> {
  const linked = linkedSql(of);
  const [row] = await gateway.query<{ version: string }>('SELECT max(block) AS version FROM events');
  const version = Number(row?.version ?? 0);
  await gateway.command(
    `${toInsert(destination, PERSON_COLUMNS)} SELECT *, toUInt64(${version}) FROM (${simpleSql(linked)})`,
  );
  const apps = await gateway.query<{ project_id: string; app_id: string }>(
    `SELECT DISTINCT project_id, app_id FROM ${involvedSql(linked)}`,
  );
  for (const { project_id, app_id } of apps) {
    const links = await gateway.query<Omit<Link, 'timestamp'> & { timestamp: string }>(
      `SELECT DISTINCT anonymous_id AS anonymousId, app_user_id AS appUserId, event_id AS eventId, verified,
        toUnixTimestamp64Milli(timestamp) AS timestamp
      FROM ${involvedSql(linked)} AND project_id = {project_id:String} AND app_id = {app_id:String}`,
      { project_id, app_id },
    );
    const persons = resolveLinks(links.map((link) => ({ ...link, timestamp: Number(link.timestamp) })));
    const rows = [...persons]
      .filter(([id, person]) => id !== person)
      .map(([id, person]) => JSON.stringify([project_id, app_id, id, person, version]));
    if (rows.length === 0) continue;
    const insert = `${toInsert(destination, PERSON_COLUMNS)} FORMAT JSONCompactEachRow\n`;
    await gateway.command(insert + rows.join('\n'));
  }
}

/** Derives what the events of some blocks say about properties of users. Rejects with StorageError. */
export async function deriveUserProperties(
  gateway: Gateway,
  destination: Destination,
  range: BlockRange & OfProject = {},
): Promise<void> {
  const insert = `${toInsert(destination, USER_PROPERTY_COLUMNS)} FORMAT JSONCompactEachRow\n`;
  for await (const events of readPersonEvents(gateway, range)) {
    const rows = events.flatMap(readUserProperties).map((row) => JSON.stringify(row));
    if (rows.length > 0) await gateway.command(insert + rows.join('\n'));
  }
}
