import type { Gateway } from '../engine/gateway.ts';
import type { PersonEvent } from './insert-persons.ts';
import { PERSON_EVENTS } from './read-reserved.ts';

/** Which events something is derived from: those of the blocks from `from` to the one before `to`. */
export type BlockRange = { from?: number; to?: number | undefined };

/** Limits work to one project if it has an ID. */
export type OfProject = { projectId?: string | undefined };

/** Events in memory at a time: up to 32 KB each, a few hundred bytes as a rule. */
const EVENTS_PER_PAGE = 5_000;

type Position = { block: number; project: string; app: string; event_id: string; verified: number };

/** Yields the stored events that say something about persons, page by page. Rejects with StorageError. */
export async function* readPersonEvents(
  gateway: Pick<Gateway, 'query'>,
  { from = 0, to, projectId }: BlockRange & OfProject,
): AsyncGenerator<PersonEvent[]> {
  let after: Position = { block: from, project: '', app: '', event_id: '', verified: 0 };
  for (;;) {
    const rows = await gateway.query<Record<string, string | number>>(
      `SELECT toString(project_id) AS project, toString(app_id) AS app, event_id, event_name, app_user_id,
        toUnixTimestamp64Milli(timestamp) AS timestamp_ms, toUnixTimestamp64Milli(received_at) AS received_ms, properties,
        verified, key_id, sdk, block
      FROM events
      WHERE event_name IN {names:Array(String)} AND block >= {block:UInt64}${to === undefined ? '' : ' AND block < {to:UInt64}'}
        ${projectId === undefined ? '' : 'AND project_id = {of_project:String}'}
        AND (block, project, app, event_id, verified)
          > ({block:UInt64}, {project:String}, {app:String}, {event_id:String}, {verified:UInt8})
      ORDER BY block, project, app, event_id, verified LIMIT ${EVENTS_PER_PAGE}`,
      { ...after, names: PERSON_EVENTS, to, of_project: projectId },
      { timeoutMs: 600_000 },
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(toEvent);
    if (rows.length < EVENTS_PER_PAGE) return;
    after = {
      block: Number(last.block),
      project: String(last.project),
      app: String(last.app),
      event_id: String(last.event_id),
      verified: Number(last.verified),
    };
  }
}

function toEvent({
  project,
  app,
  timestamp_ms,
  received_ms,
  block: _,
  ...event
}: Record<string, string | number>): PersonEvent {
  return {
    ...event,
    project_id: project,
    app_id: app,
    timestamp: Number(timestamp_ms),
    received_at: Number(received_ms),
  } as PersonEvent;
}
