import { Type } from 'typebox';
import type { Caller } from '../../api/caller.ts';
import type { SentToDialect } from '../../api/dialect.ts';
import type { App } from '../../directory/app.ts';
import { isEventId } from '../../events/ingest/event.ts';
import { countEvents, type IngestServices, ingest, senderOf } from '../../events/ingest/ingest.ts';
import type { CountedSdkId } from '../../ingestion/counted-sdk.ts';
import { StorageError } from '../../lib/errors.ts';
import { forEachInTurns, type LoopShare, type LoopUser } from '../../limits/loop-share.ts';
import { EVENTS_PER_BATCH_MAX, SDK_EVENTS_PER_BATCH_MAX } from '../../limits/policies.ts';
import { toEventId } from './event-id.ts';
import { deriveId, toFields } from './event-parts.ts';
import { fitUserProperties } from './fit-user-properties.ts';

/**
 * A batch as an SDK sent it. `map` returns our events for one of its items, none if it is ignored, and may add to `derivedIds`, see
 * `SentEvents`. `hidesCountry` says of an item that its country must not be derived from the request.
 */
export type SentBatch = {
  sentAt: string | number | undefined;
  items: unknown[];
  map: (item: unknown) => readonly object[];
  derivedIds?: ReadonlySet<string>;
  hidesCountry?: (item: unknown) => boolean;
};

/** A batch of an SDK as ours. `sources` has, for each event, the index of the SDK's event that it comes from. */
type MappedBatch = {
  events: unknown[];
  sources: number[];
  withoutCountry: Set<unknown>;
  ignored: number;
};

/** The counts in responses to SDKs, which ignore them: for debugging. */
export const COUNTS = {
  accepted: Type.Integer({ description: 'Events that this request stored durably.' }),
  duplicates: Type.Integer({ description: 'Events that were already stored.' }),
  rejected: Type.Integer({
    description: 'Events that are not valid. `GET /v1/ingestion/samples` shows why.',
  }),
  ignored: Type.Integer({
    description: 'Events that Appflow does not store, such as those about feature flags.',
  }),
};

/** What became of one of the events of an SDK: how many of ours it has become, and how many of these were rejected, and why. */
export type ItemOutcome = { events: number; rejected: number; message?: string };

/** What became of an SDK's batch. `rejectedSources` are indexes in the batch as it was sent, `outcomes` are in its order. */
export type StoredBatch = {
  counts: { accepted: number; duplicates: number; rejected: number; ignored: number };
  rejectedSources: { index: number; field: string }[];
  outcomes: ItemOutcome[];
};

/** Who sends a batch, and what `sent` says about its SDK. */
export type Sender = {
  caller: Caller;
  app: App | undefined;
  country: string | undefined;
  sent: SentToDialect | undefined;
};

/**
 * Maps a batch, in turns with other senders, and empties it: its objects take more memory than ours. What cannot be mapped is kept
 * as an event that is rejected: it must not cost the others.
 */
export async function mapBatch(
  { loopShare }: Pick<IngestServices, 'loopShare'>,
  user: LoopUser,
  { sentAt, items, map, hidesCountry = () => false }: SentBatch,
): Promise<MappedBatch> {
  const batch: MappedBatch = { events: [], sources: [], withoutCountry: new Set(), ignored: 0 };
  const timesSeen = new Map<string, number>();
  await forEachInTurns(loopShare, user, items.length, (index) => {
    const mapped = mapItem(items[index], (item) =>
      map(item)
        .flatMap(fitUserProperties)
        .map((event) => withId(event, timesSeen, sentAt)),
    );
    if (mapped.length === 0) batch.ignored += 1;
    const isHidden = hidesCountry(items[index]);
    for (const event of mapped) {
      if (isHidden) batch.withoutCountry.add(event);
      batch.events.push(event);
      batch.sources.push(index);
    }
  });
  items.length = 0;
  if (batch.events.length > EVENTS_PER_BATCH_MAX) await addMissingIds(loopShare, user, batch);
  return batch;
}

/** Of a batch that is stored in parts, some may be stored when it is sent again: each event needs an ID, even without a time. */
const addMissingIds = (loopShare: LoopShare, user: LoopUser, { events, sources }: MappedBatch) =>
  forEachInTurns(loopShare, user, events.length, (position) => {
    const event = events[position];
    if (typeof event !== 'object' || event === null || toFields(event).event_id !== undefined) return;
    const content = toJson([sources[position], event]);
    if (content !== undefined) Object.assign(event, { event_id: deriveId('in', content) });
  });

/**
 * Returns an event with an ID of ours: derived from the one that was sent if that has other characters, and from what the event contains
 * if there is none, so that it is stored once if it is sent again, in another batch too. `timesSeen` distinguishes equal events of a batch.
 * Without any time, the same event may have happened twice: it gets none, except from `addMissingIds`.
 */
function withId(event: object, timesSeen: Map<string, number>, sentAt: SentBatch['sentAt']): object {
  const { event_id, timestamp } = toFields(event);
  if (isEventId(event_id)) return event;
  if (event_id !== undefined) return { ...event, event_id: toEventId(event_id) };
  const time = timestamp ?? sentAt;
  const content = time === undefined ? undefined : toJson([time, event]);
  if (content === undefined) return event;
  const id = deriveId('at', content);
  const times = timesSeen.get(id) ?? 0;
  timesSeen.set(id, times + 1);
  return { ...event, event_id: times === 0 ? id : deriveId('at', `${id} ${times}`) };
}

/** Returns undefined for what is nested too deep to serialize: such an event is rejected, but must not cost the others. */
function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** Whether a body has an event, which needs an app. */
export function hasEvents(body: unknown): boolean {
  const { batch, events } = toFields(body);
  const list = Array.isArray(body) ? body : (batch ?? events);
  return !Array.isArray(list) || list.length > 0;
}

/** What is stored for an element that is no event: the ingest rejects it. */
const NO_EVENT = [null];

function mapItem(item: unknown, map: (item: unknown) => readonly object[]): readonly unknown[] {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return NO_EVENT;
  try {
    return map(item);
  } catch {
    return NO_EVENT;
  }
}

/** Returns how many events to charge an SDK for. Throws 413 when it sent too many. */
export const countSent = (events: unknown[]): number => countEvents({ events }, SDK_EVENTS_PER_BATCH_MAX);

/**
 * Stores a batch as `POST /v1/events` does, as several of its largest batches if it is larger, and empties it. Resolves once all of it
 * is on disk. If one of them fails, those before it are stored, and duplicates when the SDK sends the batch again.
 */
export async function storeMapped(
  services: IngestServices,
  { caller, app, country, sent: request }: Sender,
  sent: SentBatch,
): Promise<StoredBatch> {
  const outcomes = sent.items.map((): ItemOutcome => ({ events: 0, rejected: 0 }));
  const { events, sources, withoutCountry, ignored } = await mapBatch(services, senderOf(caller), sent);
  for (const index of sources) {
    const outcome = outcomes[index];
    if (outcome) outcome.events += 1;
  }
  const { sentAt, derivedIds = new Set() } = sent;
  const sdkId: CountedSdkId = request?.sdkId ?? 'unknown';
  const counts = { accepted: 0, duplicates: 0, rejected: 0, ignored };
  const total: StoredBatch = { counts, rejectedSources: [], outcomes };
  for (let first = 0; events.length > 0; first += EVENTS_PER_BATCH_MAX) {
    const batch = {
      events: events.splice(0, EVENTS_PER_BATCH_MAX),
      ...(sentAt === undefined ? {} : { sent_at: sentAt }),
    };
    const part = { app, batch, country, withoutCountry, sdkId, derivedIds };
    const answer = await ingest(services, caller, part).catch((error: unknown) => {
      throw first === 0 ? error : toPartial(error);
    });
    counts.accepted += answer.accepted;
    counts.duplicates += answer.duplicates;
    counts.rejected += answer.rejected.length;
    for (const { index, ...rejection } of answer.rejected)
      addRejection(total, sources[first + index] ?? index, rejection);
  }
  return total;
}

/** Returns the failure of a later part of a batch. */
function toPartial(error: unknown): unknown {
  if (!(error instanceof StorageError)) return error;
  return new StorageError(error.reason, error.message, error.cause, true);
}

function addRejection(
  { rejectedSources, outcomes }: StoredBatch,
  index: number,
  { field, message }: { field: string; message: string },
): void {
  rejectedSources.push({ index, field });
  const outcome = outcomes[index];
  if (!outcome) return;
  outcome.rejected += 1;
  outcome.message ??= `${field}: ${message}`;
}
