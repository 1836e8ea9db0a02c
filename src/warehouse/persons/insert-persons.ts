import type { Gateway } from '../engine/gateway.ts';
import {
  isPersonEvent,
  type ReservedEvent,
  readLink,
  readUserProperties,
  USER_PROPERTY_COLUMNS,
} from './read-reserved.ts';
import type { Link } from './resolve-links.ts';
import {
  findNextVersion,
  findPersonUpdate,
  type LinkedApp,
  readLinking,
  readLinksFrom,
} from './update-persons.ts';

const INSERT_LINKS_SQL = `INSERT INTO links (project_id, app_id, id, is_target, other, timestamp, event_id, verified)
FORMAT JSONCompactEachRow\n`;
const INSERT_PROPERTIES_SQL = `INSERT INTO user_properties (${USER_PROPERTY_COLUMNS}) FORMAT JSONCompactEachRow\n`;
const INSERT_PERSONS_SQL =
  'INSERT INTO person_ids (project_id, app_id, id, person, version) FORMAT JSONCompactEachRow\n';

/** An event that `insertPersons` reads. */
export type PersonEvent = ReservedEvent & { key_id: string; sdk: string };

/** Called with a `$identify` without effect: its anonymous ID belongs to someone else. */
export type OnConflict = (event: PersonEvent) => void;

/** What of some events is stored already, by event; by default nothing. */
export type StoredBefore = {
  hasLink: (event: PersonEvent) => boolean;
  hasProperties: (event: PersonEvent) => boolean;
};

const NOTHING_STORED: StoredBefore = { hasLink: () => false, hasProperties: () => false };

type AddedLink = { event: PersonEvent; link: Link };

/**
 * Inserts what events say about persons: properties, links, and which IDs are another person by them. `version` is the highest
 * block they came with, and the version of persons that change, unless they have a higher one. Doing it again changes nothing.
 * Returns the links without effect. Rejects with StorageError.
 */
export async function insertPersons(
  gateway: Gateway,
  rows: readonly PersonEvent[],
  version: number,
  { hasLink, hasProperties }: StoredBefore = NOTHING_STORED,
): Promise<PersonEvent[]> {
  const events = rows.filter(isPersonEvent);
  if (events.length === 0) return [];
  const links = events.flatMap((event): AddedLink[] => {
    const link = readLink(event);
    return link === undefined ? [] : [{ event, link }];
  });
  const withProperties = events.filter((event) => !hasProperties(event));
  await insert(gateway, INSERT_PROPERTIES_SQL, withProperties.flatMap(readUserProperties));
  const newLinks = links.filter(({ event }) => !hasLink(event));
  await insert(gateway, INSERT_LINKS_SQL, newLinks.flatMap(toLinkRows));
  // IDs of projects and apps contain no space.
  const byApp = Map.groupBy(links, ({ event }) => `${event.project_id} ${event.app_id}`);
  const changed: unknown[] = [];
  const conflicts: PersonEvent[] = [];
  for (const [key, added] of byApp) {
    const [projectId = '', appId = ''] = key.split(' ');
    const update = await findPersonUpdate(
      gateway,
      { projectId, appId },
      added.map(({ link }) => link),
    );
    const next = await findNextVersion(gateway, { projectId, appId }, update.changed, version);
    changed.push(...update.changed.map(({ id, person }) => [projectId, appId, id, person, next]));
    const inVain = new Set(update.conflicts);
    conflicts.push(...added.filter(({ link }) => inVain.has(link)).map(({ event }) => event));
  }
  await insert(gateway, INSERT_PERSONS_SQL, changed);
  return conflicts;
}

/** Derives the persons of IDs again of which links were deleted: others may have an effect now. Rejects with StorageError. */
export async function relinkIds(gateway: Gateway, app: LinkedApp, ids: readonly string[]): Promise<void> {
  // Those to them too: what is dated later than an erasure belongs to a new person.
  const linking = await readLinking(gateway, app, ids);
  const links = await readLinksFrom(gateway, app, [...new Set([...ids, ...linking])]);
  if (links.length === 0) return;
  const { changed } = await findPersonUpdate(gateway, app, links);
  const version = await findNextVersion(gateway, app, changed, 0);
  const rows = changed.map(({ id, person }) => [app.projectId, app.appId, id, person, version]);
  await insert(gateway, INSERT_PERSONS_SQL, rows);
}

/** Each link under both of its IDs, so that all links of an ID are found by the sort key. */
function toLinkRows({ event, link }: AddedLink): unknown[] {
  const { project_id, app_id, timestamp, event_id, verified } = event;
  const { anonymousId, appUserId } = link;
  return [
    [project_id, app_id, anonymousId, 0, appUserId, timestamp, event_id, verified],
    [project_id, app_id, appUserId, 1, anonymousId, timestamp, event_id, verified],
  ];
}

async function insert(gateway: Gateway, sql: string, rows: readonly unknown[]): Promise<void> {
  if (rows.length === 0) return;
  await gateway.command(sql + rows.map((row) => JSON.stringify(row)).join('\n'));
}
