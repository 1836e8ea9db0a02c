import type { AppflowError } from './errors.ts';

/** What can be listened to, and what listeners are given. */
export type AppflowEvents = {
  /** A failure; sending goes on by itself unless it is a refusal (400 to 499), which waits for `setApiKey` or a restart. */
  error: AppflowError;
  /** Events that reached the server. */
  flush: { sent: number };
  /** Events that never will, and why: `queue_full`, `invalid_event_name`, the server's code for a rejected event, … */
  drop: { count: number; reason: string };
};

/** Listeners by event. */
export type Listeners = {
  on: <E extends keyof AppflowEvents>(event: E, listener: (told: AppflowEvents[E]) => void) => () => void;
  tell: <E extends keyof AppflowEvents>(event: E, told: AppflowEvents[E]) => void;
};

type Listener = { event: keyof AppflowEvents; listener: (told: never) => void };

/** Returns a list of listeners without any. What a listener throws is its own affair. */
export function createListeners(): Listeners {
  const all = new Set<Listener>();
  return {
    on(event, listener) {
      const entry: Listener = { event, listener };
      all.add(entry);
      return () => void all.delete(entry);
    },
    tell(event, told) {
      for (const entry of [...all]) {
        try {
          if (entry.event === event) entry.listener(told as never);
        } catch {
          // The app's mistake must not stop its events.
        }
      }
    },
  };
}
