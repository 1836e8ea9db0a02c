import type {
  BatchAnswer,
  EventFilter,
  EventHistogram,
  EventInput,
  EventQuery,
  HistogramQuery,
  StoredEvent,
  StreamFilter,
} from '../api/events.ts';
import type { ExportFormat, Page } from '../api/list.ts';
import type { Clock } from '../runtime/clock.ts';
import { createId } from '../runtime/id.ts';
import type { Caller, CallOptions } from './call.ts';
import { followStream, type StreamMessage } from './event-stream.ts';
import { readPages } from './pagination.ts';
import { openExport } from './read-export.ts';
import { type SendAllAnswer, type SendAllOptions, type Sendable, sendAll } from './send-all.ts';

/**
 * `appId`: the app of events without an `app_id`; not required if the key is limited to one app. `normalizeNames`: whether event
 * names of any form are accepted (`Order Completed` is stored as `order_completed`), false by default.
 */
export type SendOptions = CallOptions & { appId?: string; normalizeNames?: boolean };

/** Sending, querying and streaming events. */
export type Events = {
  /**
   * Stores up to 1,000 events and returns the result; IDs and timestamps stay as given. An event without an ID gets one, so
   * that a retry does not create a duplicate. IDs are random, never order numbers: store one with the order.
   * @example
   * ```ts
   * const { accepted, rejected } = await admin.events.send(
   *   [{ event_id: '01KAN5X5N8T2QHV4J7RZ3M6CDE', event_name: 'order_paid', app_user_id: 'user_123', properties: { revenue: '9.99' } }],
   *   { appId },
   * );
   * console.log(accepted, rejected);
   * ```
   */
  send: (events: readonly EventInput[], options?: SendOptions) => Promise<BatchAnswer>;
  /**
   * Stores any number of events, in sequential batches of up to 1,000. `onProgress` is called after each, in order:
   * everything up to `events` is done, so an interrupted import resumes there. A string is the JSON of one event, sent
   * unchanged; give it an `event_id`, or a retry creates a duplicate.
   * @example
   * ```ts
   * async function* history() {
   *   for (let day = 1; day <= 3; day += 1) {
   *     yield { event_id: `h-${day}`, event_name: 'app_open', app_user_id: 'user_123', timestamp: `2026-01-0${day}T12:00:00Z` };
   *   }
   * }
   * const { accepted, duplicates, rejected } = await admin.events.sendAll(history(), {
   *   appId,
   *   onProgress: ({ events }) => console.log(`${events} done`),
   * });
   * console.log(accepted, duplicates, rejected);
   * ```
   */
  sendAll: (
    events: AsyncIterable<Sendable> | Iterable<Sendable>,
    options?: SendAllOptions,
  ) => Promise<SendAllAnswer>;
  /**
   * Returns a page of stored events, newest first.
   * @example
   * ```ts
   * const { data } = await admin.events.search({ event_name: ['order_paid'], limit: 20 });
   * console.log(data.map(({ app_user_id, revenue }) => `${app_user_id} ${revenue}`));
   * ```
   */
  search: (query?: EventQuery, options?: CallOptions) => Promise<Page<StoredEvent>>;
  /**
   * Yields every matching event, newest first.
   * @example
   * ```ts
   * for await (const event of admin.events.all({ app_user_id: 'user_123' })) console.log(event.event_name);
   * ```
   */
  all: (query?: EventQuery, options?: CallOptions) => AsyncGenerator<StoredEvent, void, undefined>;
  /**
   * Returns how many events match in each hour or day.
   * @example
   * ```ts
   * const { data } = await admin.events.histogram({ event_name: ['order_paid'], interval: 'day' });
   * for (const { start, events } of data) console.log(start, events);
   * ```
   */
  histogram: (query?: HistogramQuery, options?: CallOptions) => Promise<EventHistogram>;
  /**
   * Streams the matching events as text, one or more whole lines per chunk: newline-delimited JSON, or CSV. Throws if the
   * export is interrupted, also behind a proxy that hides it; it is not retried.
   * @example
   * ```ts
   * let text = '';
   * for await (const piece of admin.events.export('ndjson', { event_name: ['order_paid'] })) text += piece;
   * console.log(text.split('\n').length);
   * ```
   */
  export: (
    format: ExportFormat,
    filter?: EventFilter,
    options?: CallOptions,
  ) => AsyncGenerator<string, void, undefined>;
  /**
   * Yields events as they are stored, in order of arrival, until the signal aborts; reconnects after the last one if the
   * connection breaks. `missed` instead of an event reports a gap: they arrived faster than they were read.
   * @example
   * ```ts
   * const stop = new AbortController();
   * setTimeout(() => stop.abort(), 200);
   * try {
   *   for await (const message of admin.events.stream({ event_name: ['order_paid'] }, { signal: stop.signal })) {
   *     if ('event' in message) console.log(message.event.app_user_id);
   *   }
   * } catch (error) {
   *   if (!stop.signal.aborted) throw error;
   * }
   * ```
   */
  stream: (
    filter?: StreamFilter,
    options?: CallOptions & { lastEventId?: string },
  ) => AsyncGenerator<StreamMessage, void, undefined>;
};

/** Returns the event operations. */
export function createEvents({ call, open }: Caller, clock: Clock): Events {
  const search: Events['search'] = (query = {}, options) => call('events.search', { query, options });
  const serialize = (event: Sendable) =>
    typeof event === 'string' ? event : JSON.stringify(withId(event, clock));
  const send = (
    events: readonly string[],
    { appId, normalizeNames = false, ...options }: SendOptions = {},
    canSplit = false,
  ): Promise<BatchAnswer> => {
    const app = appId === undefined ? '' : `"app_id":${JSON.stringify(appId)},`;
    const names = normalizeNames ? '"normalize_names":true,' : '';
    const json = `{${app}${names}"events":[${events}]}`;
    return call('events.send', { json, events: events.length, canSplit, options });
  };
  return {
    send: (events, options) => send(events.map(serialize), options),
    sendAll: (events, options) =>
      sendAll((batch, each) => send(batch, each, true), serialize, events, options),
    search,
    all: (query = {}, options) => readPages((page) => search(page, options), query),
    histogram: (query = {}, options) => call('events.histogram', { query, options }),
    export: (format, filter = {}, options) => openExport(open, 'events.export', format, filter, options),
    stream: (filter = {}, options) => {
      const openStream = (lastEventId: string | undefined) => {
        const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
        return open('events.stream', { query: filter, headers, options });
      };
      return followStream(openStream, clock, options?.lastEventId, options?.signal);
    },
  };
}

const withId = (event: EventInput, clock: Clock): EventInput =>
  event.event_id === undefined ? { ...event, event_id: createId(clock.now()) } : event;
