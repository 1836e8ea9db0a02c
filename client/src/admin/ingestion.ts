import type {
  IngestionAnswer,
  IngestionQuery,
  IngestionSample,
  IngestionSampleQuery,
  NameCollision,
} from '../api/ingestion.ts';
import type { Page } from '../api/list.ts';
import type { CompleteList } from '../api/saved.ts';
import type { Caller, CallOptions } from './call.ts';
import { readPages } from './pagination.ts';

/** Ingestion health: what became of the events that were sent, and why some are missing. */
export type IngestionOperations = {
  /**
   * Returns accepted, duplicate and rejected events and refused requests, by hour, key and SDK.
   * @example
   * ```ts
   * const { data } = await admin.ingestion.report();
   * for (const { sdk, rejected, reasons } of data) if (rejected > 0) console.log(sdk, reasons);
   * ```
   */
  report: (query?: IngestionQuery, options?: CallOptions) => Promise<IngestionAnswer>;
  /**
   * Returns the stored event names that combine several sent names.
   * @example
   * ```ts
   * const { data } = await admin.ingestion.collisions();
   * for (const { event_name, names } of data) console.log(event_name, names.map(({ name }) => name));
   * ```
   */
  collisions: (query?: { app_id?: string }, options?: CallOptions) => Promise<CompleteList<NameCollision>>;
  /**
   * Returns a page of the last rejected events, newest first.
   * @example
   * ```ts
   * const { data } = await admin.ingestion.samples({ limit: 20 });
   * for (const { code, message, event } of data) console.log(code, message, event);
   * ```
   */
  samples: (query?: IngestionSampleQuery, options?: CallOptions) => Promise<Page<IngestionSample>>;
  /**
   * Yields all samples of rejected events, newest first.
   * @example
   * ```ts
   * for await (const { code, field } of admin.ingestion.allSamples()) console.log(code, field);
   * ```
   */
  allSamples: (
    query?: IngestionSampleQuery,
    options?: CallOptions,
  ) => AsyncGenerator<IngestionSample, void, undefined>;
};

/** Returns the operations of ingestion health. */
export function createIngestion({ call }: Caller): IngestionOperations {
  const samples: IngestionOperations['samples'] = (query = {}, options) =>
    call('ingestion.samples', { query, options });
  return {
    report: (query = {}, options) => call('ingestion.report', { query, options }),
    collisions: (query = {}, options) => call('ingestion.collisions', { query, options }),
    samples,
    allSamples: (query = {}, options) => readPages((page) => samples(page, options), query),
  };
}
