import type { Static } from 'typebox';
import type { Caller } from '../../api/caller.ts';
import { ApiError, validationFailed } from '../../api/errors.ts';
import { findAllowedApp } from '../../api/resources.ts';
import type { App } from '../../directory/app.ts';
import type { Directory } from '../../directory/directory.ts';
import { redactSecrets } from '../../directory/secret.ts';
import type { Tombstones } from '../../erasure/tombstones.ts';
import type { CountedSdkId } from '../../ingestion/counted-sdk.ts';
import type { AnsweredBatch } from '../../ingestion/ingestion.ts';
import { describeRejected } from '../../ingestion/rejected-event.ts';
import type { Clock } from '../../lib/clock.ts';
import { DAY_MS, SECOND_MS } from '../../lib/durations.ts';
import { parseTimestamp } from '../../lib/timestamp.ts';
import { type BodySender, kindOfSender } from '../../limits/body-budget.ts';
import { forEachInTurns, type LoopShare } from '../../limits/loop-share.ts';
import { EVENTS_PER_BATCH_MAX } from '../../limits/policies.ts';
import type { EventRow } from '../../warehouse/event-row.ts';
import type { Warehouse } from '../../warehouse/open.ts';
import type { BATCH_ANSWER, BATCH_BODY } from './batch-schema.ts';
import { type CheckedEvents, takeWithoutErased, withoutErasedPeople } from './erased-people.ts';
import {
  type BatchContext,
  createRejection,
  type EventApp,
  type ParsedEvent,
  parseEvent,
  type Rejection,
} from './event.ts';
import { listKeyWarnings, redactKeys } from './keys-in-row.ts';
import { withStoredName } from './normalize-name.ts';
import { listSentNames, noteSentName, type SentNames } from './sent-names.ts';
import { createWarningTally, type WarningTally } from './warnings.ts';

/** Bytes of the largest batch after decompression. */
export const BATCH_BYTES_MAX = 5 * 1024 * 1024;

type Batch = Static<typeof BATCH_BODY>;
type Answer = Static<typeof BATCH_ANSWER>;

/** The services that storing events needs. */
export type IngestServices = {
  clock: Clock;
  directory: Directory;
  warehouse: Warehouse;
  loopShare: LoopShare;
  tombstones: Tombstones;
  metrics: { countEvents: (accepted: number, duplicates: number, rejected: number) => void };
  ingestion: { countBatch: (batch: AnsweredBatch) => void };
};

/** What is sent, for the app and from the country that the request shows. */
export type SentEvents = {
  app: App | undefined;
  batch: Batch;
  country: string | undefined;
  /** Events that must not get the country of the request. */
  withoutCountry?: ReadonlySet<unknown>;
  /** What sent them; `appflow` unless it is another vendor's SDK. */
  sdkId?: CountedSdkId;
  /** IDs of events that the server itself derived from others and will derive again: only the first of each counts. */
  derivedIds?: ReadonlySet<string>;
};

/**
 * Stores the valid events of a batch and lists why the others were rejected. Resolves once the accepted events are on
 * disk. Throws 422 for an invalid `sent_at`, StorageError when the outcome is unknown.
 */
export async function ingest(
  services: IngestServices,
  caller: Caller,
  { app, batch, country, withoutCountry, sdkId = 'appflow', derivedIds }: SentEvents,
): Promise<Answer> {
  const receivedAt = services.clock.now();
  const resolveApp = createAppResolver(services, caller, app);
  const isDevice = caller.principal.type === 'client';
  const context: BatchContext = {
    projectId: caller.project.id,
    keyId: caller.principal.id,
    verified: isDevice ? 0 : 1,
    receivedAt,
    sentAt: parseSentAt(batch, receivedAt),
    // A backend is in its own country, not in its users'.
    country: isDevice ? country : undefined,
  };
  const hasNormalizedNames = sdkId !== 'appflow' || batch.normalize_names === true;
  const parser = { context, resolveApp, withoutCountry, hasNormalizedNames };
  const parsed = await parseEvents(services, caller, batch, parser);
  const { rejected, warnings } = parsed;
  // In the same turn as the append: an erasure waits for everything that was appended before its tombstone.
  const rows = takeWithoutErased(services.tombstones, parsed);
  const stored = rows.length === 0 ? [] : await services.warehouse.append(rows);
  const counted = withoutRepeated({ rows, stored }, derivedIds);
  const accepted = stored.filter(Boolean).length;
  const duplicates = counted.rows.length - accepted;
  services.metrics.countEvents(accepted, duplicates, rejected.length);
  const { projectId, keyId } = context;
  services.ingestion.countBatch({
    projectId,
    keyId,
    sdkId,
    ...counted,
    sentNames: parsed.sentNames ? listSentNames(parsed.sentNames, rows, stored) : [],
    rejected: withoutErasedPeople(services, projectId, parsed.rejections),
  });
  return { accepted, duplicates, rejected, warnings: warnings.list() };
}

type Stored = { rows: readonly EventRow[]; stored: readonly boolean[] };

/** Leaves out events that the server derived again: the sender repeated nothing. */
function withoutRepeated({ rows, stored }: Stored, derivedIds: ReadonlySet<string> | undefined): Stored {
  if (!derivedIds || derivedIds.size === 0) return { rows, stored };
  const isCounted = (index: number) => stored[index] || !derivedIds.has(rows[index]?.event_id ?? '');
  return {
    rows: rows.filter((_row, index) => isCounted(index)),
    stored: stored.filter((_stored, index) => isCounted(index)),
  };
}

/** Returns who takes turns on the event loop with a batch. */
export const senderOf = ({ principal, network }: Caller): BodySender => ({
  kind: kindOfSender(principal.type),
  callerId: principal.id,
  network,
});

/** What becomes of a batch. */
type ParsedBatch = CheckedEvents & { warnings: WarningTally; sentNames: SentNames | undefined };

/** What the events of a batch are parsed with. */
type Parser = {
  context: BatchContext;
  resolveApp: AppResolver;
  withoutCountry: ReadonlySet<unknown> | undefined;
  hasNormalizedNames: boolean;
};

/** Parses all events, in parts if that takes long, and empties the batch: its objects take more memory than the rows. */
async function parseEvents(
  { loopShare }: IngestServices,
  caller: Caller,
  { events, normalize_names }: Batch,
  { context, resolveApp, withoutCountry, hasNormalizedNames }: Parser,
): Promise<ParsedBatch> {
  const parsed: ParsedBatch = {
    rows: [],
    indexes: [],
    rejected: [],
    rejections: [],
    warnings: createWarningTally(),
    sentNames: hasNormalizedNames ? new Map() : undefined,
  };
  const nowhere = { ...context, country: undefined };
  await forEachInTurns(loopShare, senderOf(caller), events.length, (index) => {
    const event = normalize_names ? withStoredName(events[index]) : events[index];
    const from = withoutCountry?.has(event) ? nowhere : context;
    addEvent(parsed, index, parseEvent(event, from, resolveApp), { event, resolveApp });
  });
  events.length = 0;
  return parsed;
}

/** Samples of one batch: each costs about as much as parsing an event does. */
const SAMPLES_PER_BATCH_MAX = 100;

function addEvent(
  batch: ParsedBatch,
  index: number,
  parsed: ParsedEvent,
  { event, resolveApp }: { event: unknown; resolveApp: AppResolver },
): void {
  if ('rejection' in parsed) {
    const hasSample = batch.rejections.length < SAMPLES_PER_BATCH_MAX;
    const appId = findAppId(event, resolveApp);
    batch.rejections.push(describeRejected(event, appId, parsed.rejection, { hasSample }));
    // The path may contain the sender's own key names, and those an API key.
    const field = redactSecrets(parsed.rejection.field).toWellFormed();
    batch.rejected.push({ index, ...parsed.rejection, field });
    return;
  }
  const withKeys = listKeyWarnings(parsed.row);
  const row = withKeys.length === 0 ? parsed.row : redactKeys(parsed.row);
  batch.rows.push(row);
  if (batch.sentNames) noteSentName(batch.sentNames, row, event);
  batch.indexes.push(index);
  batch.warnings.add(withKeys);
  batch.warnings.add(parsed.warnings);
}

/** Returns the app of an event that was rejected; empty if it is unknown, or none that the caller may use. */
function findAppId(event: unknown, resolveApp: AppResolver): string {
  const named = typeof event === 'object' && event !== null && 'app_id' in event ? event.app_id : undefined;
  if (named !== undefined && named !== null && typeof named !== 'string') return '';
  const app = resolveApp(named ?? undefined);
  return 'id' in app ? app.id : '';
}

/** Returns how many events to charge for: all received, valid or not. Throws 413 when the batch has too many. */
export function countEvents({ events }: Batch, eventsMax = EVENTS_PER_BATCH_MAX): number {
  if (events.length <= eventsMax) return events.length;
  throw new ApiError('payload_too_large', {
    detail: `The batch has ${events.length} events; the maximum is ${eventsMax}. Halve it.`,
  });
}

/** Whether the batch must name an app, because none of its events does. */
export function needsApp({ events }: Batch): boolean {
  return (
    events.length > 0 &&
    !events.some((event) => typeof event === 'object' && event !== null && 'app_id' in event)
  );
}

/** How far a clock may be off for its seconds to be recognized. As milliseconds, such seconds are one hour of 1970. */
const SECONDS_TOLERANCE = (30 * DAY_MS) / SECOND_MS;

function parseSentAt({ sent_at }: Batch, receivedAt: number): number | undefined {
  if (sent_at === undefined || sent_at === null) return undefined;
  const sentAt = parseTimestamp(sent_at);
  const isSeconds =
    typeof sent_at === 'number' && Math.abs(sent_at - receivedAt / SECOND_MS) <= SECONDS_TOLERANCE;
  if (sentAt !== undefined && !isSeconds) return sentAt;
  // With timestamps in seconds too, an hour between two events would become 3.6 seconds.
  const message = isSeconds
    ? 'sent_at is in seconds; send it and each timestamp as epoch milliseconds, or as RFC 3339 times.'
    : 'sent_at must be an RFC 3339 time or epoch milliseconds.';
  throw validationFailed([{ field: 'sent_at', code: 'invalid_timestamp', message }]);
}

type AppResolver = (appId: string | undefined) => EventApp | Rejection;

/** Resolves the app an event names; otherwise the batch's app, or the only one the key may use. Once per id. */
function createAppResolver(
  { directory }: { directory: Directory },
  caller: Caller,
  batchApp: App | undefined,
): AppResolver {
  const resolved = new Map<string, EventApp | Rejection>();
  return (appId) => {
    if (appId === undefined) return batchApp ?? appRejection('app_required');
    const known = resolved.get(appId);
    if (known) return known;
    const found = findAllowedApp(directory, caller, appId);
    const result = typeof found === 'string' ? appRejection(`app_${found}`) : rejectDeleted(found);
    resolved.set(appId, result);
    return result;
  };
}

const rejectDeleted = (app: App) => (app.deletedAt === null ? app : appRejection('app_not_found'));

const appRejection = (code: 'app_required' | 'app_not_found' | 'app_not_allowed') =>
  createRejection(code, 'app_id');
