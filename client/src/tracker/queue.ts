import type { EventInput } from '../api/wire.ts';

/** An event as it waits: with the id and the time it got when it was tracked. */
export type TrackedEvent = EventInput & { event_id: string; timestamp: string };

/** Events that wait to be sent, oldest first, in bounded number. */
export type Queue = {
  size: () => number;
  list: () => readonly TrackedEvent[];
  /** Adds an event; beyond the size the oldest one that is not on its way is dropped. Returns how many were. */
  add: (event: TrackedEvent) => number;
  /** Puts events of an earlier run before those of this one. Returns how many had no room. */
  restore: (events: readonly TrackedEvent[]) => number;
  /** Returns the oldest `count` events and holds them: they are on their way, so none of them is dropped, until `hold(0)`. */
  hold: (count: number) => TrackedEvent[];
  /** Takes events out by id, so that it does not matter what happened meanwhile. Returns how many were there. */
  remove: (events: readonly TrackedEvent[]) => number;
};

/** Returns the ids of events. */
export const idsOf = (events: readonly TrackedEvent[]): ReadonlySet<string> =>
  new Set(events.map(({ event_id }) => event_id));

/** Returns an empty queue of at most `sizeMax` events. */
export function createQueue(sizeMax = 1_000): Queue {
  let events: TrackedEvent[] = [];
  let held = 0;

  function trim(): number {
    const excess = Math.max(0, events.length - sizeMax);
    // One more place than the events on their way take: when all are, the newest goes.
    events.splice(Math.min(held, events.length - excess), excess);
    return excess;
  }

  return {
    size: () => events.length,
    list: () => events,
    add(event) {
      events.push(event);
      return trim();
    },
    restore(earlier) {
      const known = idsOf(events);
      events = [...earlier.filter(({ event_id }) => !known.has(event_id)), ...events];
      return trim();
    },
    hold(count) {
      const taken = events.slice(0, count);
      held = taken.length;
      return taken;
    },
    remove(done) {
      const ids = idsOf(done);
      const before = events.length;
      events = events.filter(({ event_id }) => !ids.has(event_id));
      return before - events.length;
    },
  };
}
