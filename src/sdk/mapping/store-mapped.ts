import { Type } from 'typebox';
import type { Caller } from '../../api/caller.ts';
import type { App } from '../../directory/app.ts';
import { type IngestServices, ingest } from '../../events/ingest/ingest.ts';

/** A batch of an SDK as ours. `sources` has, for each event, the index of the SDK's event that it comes from. */
export type MappedBatch = {
  sentAt: string | undefined;
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

/** Returns the mapped events of a batch; `map` returns ours for one of theirs, none if it is ignored. */
export function mapBatch(
  sentAt: string | undefined,
  items: readonly unknown[],
  map: (item: unknown) => readonly object[],
): MappedBatch {
  const batch: MappedBatch = { sentAt, events: [], sources: [], ignored: 0 };
  for (const [index, item] of items.entries()) {
    const mapped = map(item);
    if (mapped.length === 0) batch.ignored += 1;
    for (const event of mapped) {
      batch.events.push(event);
      batch.sources.push(index);
    }
  }
  return batch;
}

/** Stores a mapped batch as `POST /v1/events` does. Resolves once it is on disk. */
export async function storeMapped(
  services: IngestServices,
  { caller, app, country }: { caller: Caller; app: App | undefined; country: string | undefined },
  { sentAt, events, sources, ignored }: MappedBatch,
): Promise<StoredBatch> {
  const batch = { events, ...(sentAt === undefined ? {} : { sent_at: sentAt }) };
  const { accepted, duplicates, rejected } = await ingest(services, caller, { app, batch, country });
  return {
    counts: { accepted, duplicates, rejected: rejected.length, ignored },
    rejectedSources: rejected.map(({ index, field }) => ({ index: sources[index] ?? index, field })),
  };
}
