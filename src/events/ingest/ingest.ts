import { type Static, Type } from 'typebox';
import type { Caller } from '../../api/caller.ts';
import { ApiError, validationFailed } from '../../api/errors.ts';
import { getApp } from '../../api/resources.ts';
import type { App } from '../../directory/app.ts';
import type { Directory } from '../../directory/directory.ts';
import { redactSecrets } from '../../directory/secret.ts';
import type { Clock } from '../../lib/clock.ts';
import { closedObject, nullable } from '../../lib/schema.ts';
import { parseTimestamp } from '../../lib/timestamp.ts';
import { EVENTS_PER_BATCH_MAX } from '../../limits/policies.ts';
import type { EventRow } from '../../warehouse/event-row.ts';
import type { Warehouse } from '../../warehouse/open.ts';
import { type AppOfEvent, type BatchContext, parseEvent, REJECTION_CURES, type Rejection } from './event.ts';
import { cutKeys, listFieldsWithKeys } from './keys-in-row.ts';

/** Bytes of the largest batch after decompression. */
export const BATCH_BYTES_MAX = 5 * 1024 * 1024;

const WARNINGS_MAX = 20;
const WARNING_FIELD_LENGTH_MAX = 128;

/**
 * The envelope only: each event is judged apart, so that one bad event never takes good ones with it. Unknown members
 * are allowed, because a newer SDK must not lose data on an older server.
 */
export const BATCH_BODY = Type.Object({
  app_id: Type.Optional(nullable(Type.String())),
  sent_at: Type.Optional(nullable(Type.Union([Type.String({ format: 'date-time' }), Type.Number()]))),
  events: Type.Array(Type.Unknown()),
});

export const BATCH_ANSWER = closedObject({
  accepted: Type.Integer({ description: 'Events stored by this request, on disk.' }),
  duplicates: Type.Integer({ description: 'Events whose event_id was stored before.' }),
  rejected: Type.Array(
    closedObject({
      index: Type.Integer(),
      event_id: Type.Optional(Type.String()),
      code: Type.String(),
      field: Type.String(),
      message: Type.String(),
    }),
  ),
  warnings: Type.Array(
    closedObject({
      code: Type.String(),
      field: Type.String(),
      events: Type.Integer(),
      message: Type.String(),
    }),
  ),
});

type Batch = Static<typeof BATCH_BODY>;
type Answer = Static<typeof BATCH_ANSWER>;

/** What storing events takes. */
export type IngestServices = {
  clock: Clock;
  directory: Directory;
  warehouse: Warehouse;
  metrics: { countEvents: (accepted: number, duplicates: number, rejected: number) => void };
};

/**
 * Stores the good events of a batch and tells of each other one why not. Resolves after what was accepted is on disk.
 * Throws 422 when the batch itself is unusable, StorageError when the outcome is unknown.
 */
export async function ingest(
  services: IngestServices,
  caller: Caller,
  app: App | undefined,
  batch: Batch,
): Promise<Answer> {
  const receivedAt = services.clock.now();
  const context: BatchContext = {
    projectId: caller.project.id,
    keyId: caller.principal.id,
    verified: caller.principal.type === 'client' ? 0 : 1,
    receivedAt,
    sentAt: sentAtOf(batch),
  };
  const resolveApp = appResolver(services, caller, app);
  const rows: EventRow[] = [];
  const rejected: Answer['rejected'] = [];
  const dropped = new Map<string, number>();
  const withKeys = new Map<string, number>();
  batch.events.forEach((event, index) => {
    const parsed = parseEvent(event, context, resolveApp);
    if ('rejection' in parsed) {
      // The path may be in the sender's own words.
      rejected.push({ index, ...parsed.rejection, field: redactSecrets(parsed.rejection.field) });
      return;
    }
    const fields = listFieldsWithKeys(parsed.row);
    rows.push(fields.length === 0 ? parsed.row : cutKeys(parsed.row));
    for (const field of fields) addOne(withKeys, field);
    for (const key of parsed.unknownKeys) addOne(dropped, key);
  });
  const stored = rows.length === 0 ? [] : await services.warehouse.append(rows);
  const accepted = stored.filter(Boolean).length;
  services.metrics.countEvents(accepted, rows.length - accepted, rejected.length);
  return {
    accepted,
    duplicates: rows.length - accepted,
    rejected,
    warnings: [...tellKeys(withKeys), ...tellDropped(dropped)],
  };
}

/** Returns how many events the request is charged for: those received, good or bad. Throws 413 above a batch's most. */
export function countEvents(batch: Batch): number {
  requireBatch(batch);
  return batch.events.length;
}

/** Whether the batch itself must say which app it means: none of its events does. */
export function needsApp({ events }: Batch): boolean {
  return (
    events.length > 0 &&
    !events.some((event) => typeof event === 'object' && event !== null && 'app_id' in event)
  );
}

function requireBatch({ events }: Batch): void {
  if (events.length <= EVENTS_PER_BATCH_MAX) return;
  throw new ApiError('payload_too_large', {
    detail: `The batch holds ${events.length} events; at most ${EVENTS_PER_BATCH_MAX} are taken at once. Halve it.`,
  });
}

function sentAtOf({ sent_at }: Batch): number | undefined {
  if (sent_at === undefined || sent_at === null) return undefined;
  const sentAt = parseTimestamp(sent_at);
  if (sentAt !== undefined) return sentAt;
  throw validationFailed([
    {
      field: 'sent_at',
      code: 'invalid_timestamp',
      message: 'sent_at must be an RFC 3339 time or epoch milliseconds.',
    },
  ]);
}

/** Judges the app an event names itself; without one the batch's app counts, or the only one the key reaches. */
function appResolver({ directory }: { directory: Directory }, caller: Caller, batchApp: App | undefined) {
  const resolved = new Map<string, AppOfEvent | Rejection>();
  return (appId: string | undefined): AppOfEvent | Rejection => {
    if (appId === undefined) return batchApp ?? reject('app_required');
    const known = resolved.get(appId);
    if (known) return known;
    const answer = judge(appId);
    resolved.set(appId, answer);
    return answer;
  };

  function judge(appId: string): AppOfEvent | Rejection {
    try {
      const app = getApp(directory, caller, appId);
      return app.deletedAt === null ? app : reject('app_not_found');
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return reject(error.code === 'app_not_allowed' ? 'app_not_allowed' : 'app_not_found');
    }
  }
}

const reject = (code: 'app_required' | 'app_not_found' | 'app_not_allowed'): Rejection => ({
  code,
  field: 'app_id',
  message: REJECTION_CURES[code],
});

function addOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function tellKeys(withKeys: ReadonlyMap<string, number>): Answer['warnings'] {
  return [...withKeys].map(([field, events]) => ({
    code: 'holds_a_key',
    field,
    events,
    message: `${field} held an API key, of which only the hint was stored. Send no keys; revoke this one unless it is a client key.`,
  }));
}

/** Names are the sender's: the first ones, cut short, tell what is wrong without making the answer as long as the batch. */
function tellDropped(dropped: ReadonlyMap<string, number>): Answer['warnings'] {
  return [...dropped].slice(0, WARNINGS_MAX).map(([name, events]) => {
    const field = redactSecrets(name).slice(0, WARNING_FIELD_LENGTH_MAX);
    return {
      code: 'unknown_field',
      field,
      events,
      message: `${field} is not known to this server and was dropped.`,
    };
  });
}
