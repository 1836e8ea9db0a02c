import type { EventInput } from '../api/events.ts';

/** A queued event: with the ID and the timestamp it got when it was tracked. */
export type TrackedEvent = EventInput & { event_id: string; timestamp: string };

/** A bounded queue of events to send, oldest first. */
export type Queue = {
  size: () => number;
  list: () => readonly TrackedEvent[];
  /** Adds an event; if the queue is full, drops the oldest one that is not in flight. Returns what was dropped. */
  add: (event: TrackedEvent) => TrackedEvent[];
  /** Inserts events of an earlier run before those of this one. Returns those that did not fit. */
  restore: (events: readonly TrackedEvent[]) => TrackedEvent[];
  /** Returns the oldest `count` events and marks them as in flight: none of them is dropped until `hold(0)`. */
  hold: (count: number) => TrackedEvent[];
  /** Removes events by ID, so changes in the meantime do not matter. Returns how many were there. */
  remove: (events: readonly TrackedEvent[]) => number;
};

/** Returns the IDs of events. */
export const idsOf = (events: readonly TrackedEvent[]): ReadonlySet<string> =>
  new Set(events.map(({ event_id }) => event_id));

/** Returns an empty queue of at most `sizeMax` events. */
export function createQueue(sizeMax = 1_000): Queue {
  let events: TrackedEvent[] = [];
  let held = 0;

  function trim(): TrackedEvent[] {
    const excess = Math.max(0, events.length - sizeMax);
    // Starts after the events in flight; if all are in flight, the newest is dropped.
    return events.splice(Math.min(held, events.length - excess), excess);
  }

  return {
    size: () => events.length,
    list: () => events,
    add(event) {
      events.push(event);
      return trim();
    },
    restore(earlier) {
      events = [...earlier, ...events];
      return trim();
    },
    hold(count) {
      const batch = events.slice(0, count);
      held = batch.length;
      return batch;
    },
    remove(done) {
      const ids = idsOf(done);
      const before = events.length;
      events = events.filter(({ event_id }) => !ids.has(event_id));
      return before - events.length;
    },
  };
}
