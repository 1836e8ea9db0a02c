import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import type { Caller } from '../../api/caller.ts';
import type { App } from '../../directory/app.ts';
import { type IngestServices, ingest } from '../../events/ingest/ingest.ts';
import { toFields } from './event-parts.ts';

/** A batch of an SDK as ours. `sources` has, for each event, the index of the SDK's event that it comes from. */
export type MappedBatch = {
  sentAt: string | number | undefined;
  events: unknown[];
  sources: number[];
  ignored: number;
};

/** The counts in answers to SDKs, which ignore them: for people who look at a request. */
export const COUNTS = {
  accepted: Type.Integer({ description: 'Events that this request stored durably.' }),
  duplicates: Type.Integer({ description: 'Events that were already stored.' }),
  rejected: Type.Integer({
    description: 'Events that are not valid. `GET /v1/ingestion/samples` shows why.',
  }),
  ignored: Type.Integer({ description: 'Events that Appflow has no use for, such as feature flags.' }),
};

/** What became of an SDK's batch. `rejectedSources` are indexes in the batch as it was sent. */
export type StoredBatch = {
  counts: { accepted: number; duplicates: number; rejected: number; ignored: number };
  rejectedSources: { index: number; field: string }[];
};

/** Who sends a batch. */
export type Sender = { caller: Caller; app: App | undefined; country: string | undefined };

/**
 * Returns the mapped events of a batch; `map` returns ours for one of theirs, none if it is ignored. What cannot be mapped
 * is kept as an event that is rejected: it must not cost the others.
 */
export function mapBatch(
  sentAt: string | number | undefined,
  items: readonly unknown[],
  map: (item: unknown) => readonly object[],
): MappedBatch {
  const batch: MappedBatch = { sentAt, events: [], sources: [], ignored: 0 };
  for (const [index, item] of items.entries()) {
    const mapped = mapItem(item, (one) => map(one).map((event) => withId(event, index, sentAt)));
    if (mapped.length === 0) batch.ignored += 1;
    for (const event of mapped) {
      batch.events.push(event);
      batch.sources.push(index);
    }
  }
  return batch;
}

/**
 * Returns an event with an ID. One that was sent without is derived from what it contains and its place in the batch, so that
 * it is stored once if the batch is sent again. Without any time, the same event may have happened twice: it gets none.
 */
function withId(event: object, index: number, sentAt: MappedBatch['sentAt']): object {
  const { event_id, timestamp } = toFields(event);
  const time = timestamp ?? sentAt;
  if (event_id !== undefined || time === undefined) return event;
  const content = JSON.stringify([time, index, event]);
  return { ...event, event_id: `at-${createHash('sha256').update(content).digest('hex').slice(0, 32)}` };
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

/** Stores a mapped batch as `POST /v1/events` does. Resolves once it is on disk. */
export async function storeMapped(
  services: IngestServices,
  { caller, app, country }: Sender,
  { sentAt, events, sources, ignored }: MappedBatch,
): Promise<StoredBatch> {
  const batch = { events, ...(sentAt === undefined ? {} : { sent_at: sentAt }) };
  const { accepted, duplicates, rejected } = await ingest(services, caller, { app, batch, country });
  return {
    counts: { accepted, duplicates, rejected: rejected.length, ignored },
    rejectedSources: rejected.map(({ index, field }) => ({ index: sources[index] ?? index, field })),
  };
}
