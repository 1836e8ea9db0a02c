import type { PlainEvent } from './reference.ts';
import { replayLinks } from './replay-links.ts';

/** An event of one of several apps, and when it was received in epoch milliseconds. */
export type SentEvent = PlainEvent & {
  app_id: string;
  receivedAt: number;
  properties?: { anonymous_id?: string; $set?: Values; $set_once?: Values };
};

type Values = Record<string, unknown>;

/**
 * Returns the events that metrics count, each with the ID of its person, and the current properties of persons, found by plain
 * replays: of each app's links, then of what was said about a property, in order. Sessions of two apps are never the same.
 */
export function readPersons(sent: readonly SentEvent[]) {
  const personOf = new Map(
    [...Map.groupBy(sent, ({ app_id }) => app_id)].map(([app, events]) => [
      app,
      replayLinks(toLinks(events)),
    ]),
  );
  const toPerson = ({ app_id, app_user_id }: SentEvent) => personOf.get(app_id)?.(app_user_id) ?? app_user_id;
  const ordered = sent.toSorted(compareEvents);
  return {
    events: sent
      .filter(({ event_name }) => !event_name.startsWith('$'))
      .map((event) => ({
        ...event,
        app_user_id: toPerson(event),
        ...(event.session_id && { session_id: `${event.app_id} ${event.session_id}` }),
      })),
    /** Returns the current value of a property as text; null without one. */
    currentValue: (person: string, name: string) =>
      replayProperty(
        ordered.filter((event) => event.event_name.startsWith('$') && toPerson(event) === person),
        name,
      ),
  };
}

function replayProperty(ordered: readonly SentEvent[], name: string): string | null {
  let current: unknown = null;
  for (const { properties = {} } of ordered) {
    current ??= properties.$set_once?.[name] ?? null;
    if (Object.hasOwn(properties.$set ?? {}, name)) current = properties.$set?.[name];
  }
  return current === null || typeof current === 'string' ? current : JSON.stringify(current);
}

const toLinks = (events: readonly SentEvent[]) =>
  events
    .filter(({ event_name }) => event_name === '$identify')
    .map(({ event_id, app_user_id, timestamp, properties, verified }) => ({
      anonymousId: properties?.anonymous_id ?? '',
      appUserId: app_user_id,
      timestamp: Date.parse(timestamp),
      eventId: event_id,
      verified: Number(verified),
    }));

/** By event time, then by time of receipt, then by ID. */
function compareEvents(one: SentEvent, other: SentEvent): number {
  const byTime = Date.parse(one.timestamp) - Date.parse(other.timestamp) || one.receivedAt - other.receivedAt;
  return byTime || (one.event_id < other.event_id ? -1 : 1);
}
