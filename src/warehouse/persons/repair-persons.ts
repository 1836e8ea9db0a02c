import type { Gateway } from '../engine/gateway.ts';
import { insertPersons, type PersonEvent } from './insert-persons.ts';
import { readPersonEvents } from './read-person-events.ts';

/**
 * Inserts what is missing of what the events from block `from` on say about persons; `highest` is the highest block. Writes
 * nothing where nothing is missing, which a full disk has no room for. Rejects with StorageError.
 */
export async function repairPersons(
  gateway: Gateway,
  { from, highest }: { from: number; highest: number },
): Promise<void> {
  for await (const events of readPersonEvents(gateway, { from })) {
    const [links, properties] = await Promise.all([
      readStored(gateway, 'links', events),
      readStored(gateway, 'user_properties', events),
    ]);
    await insertPersons(gateway, events, highest, {
      hasLink: (event) => links.has(keyOf(event)),
      hasProperties: (event) => properties.has(keyOf(event)),
    });
  }
}

type Identity = Pick<PersonEvent, 'project_id' | 'app_id' | 'event_id' | 'verified'>;

const keyOf = ({ project_id, app_id, event_id, verified }: Identity) =>
  `${project_id} ${app_id} ${verified} ${event_id}`;

/** Returns the keys of the events that a table has rows of. The rows of one event are inserted together. */
async function readStored(
  gateway: Pick<Gateway, 'query'>,
  table: 'links' | 'user_properties',
  events: readonly PersonEvent[],
): Promise<Set<string>> {
  const rows = await gateway.query<Identity>(
    `SELECT DISTINCT project_id, app_id, event_id, verified FROM ${table}
    WHERE project_id IN {projects:Array(String)} AND event_id IN {ids:Array(String)}`,
    {
      projects: [...new Set(events.map(({ project_id }) => project_id))],
      ids: events.map(({ event_id }) => event_id),
    },
  );
  return new Set(rows.map(keyOf));
}
