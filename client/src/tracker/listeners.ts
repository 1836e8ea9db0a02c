import { AppflowError } from '../api/errors.ts';

/** What can be listened to, and what listeners are given. */
export type AppflowEvents = {
  /** A failure; sending goes on by itself unless it is a refusal (400 to 499), which waits for `setApiKey` or a restart. */
  error: AppflowError;
  /** Events that reached the server. */
  flush: { sent: number };
  /** Events that never will, and why: `queue_full`, `invalid_event_name`, the server's code for a rejected event, … */
  drop: { count: number; reason: string };
};

/** What became of events, counted and told to those who listen. */
export type Report = {
  /** Calls `listener` at each such event until the function that is returned is called. What it throws is its own affair. */
  on: <E extends keyof AppflowEvents>(event: E, listener: (told: AppflowEvents[E]) => void) => () => void;
  /** Notes events that reached the server, also those that it had already. */
  sent: (count: number) => void;
  /** Notes events that never will, and why. */
  dropped: (count: number, reason: string) => void;
  /** Notes a failure; what is no AppflowError is the storage's. */
  failed: (error: unknown) => void;
  counts: () => { sent: number; dropped: number };
};

type Listener = { event: keyof AppflowEvents; listener: (told: never) => void };

/** Returns a report of nothing yet. When it is talkative it tells the console what goes wrong. */
export function createReport(isTalkative: boolean): Report {
  const listeners = new Set<Listener>();
  let sent = 0;
  let dropped = 0;

  function warn(text: string): void {
    // biome-ignore lint/suspicious/noConsole: only while a developer looks on.
    if (isTalkative) console.warn(`Appflow: ${text}`);
  }

  function tell<E extends keyof AppflowEvents>(event: E, told: AppflowEvents[E]): void {
    for (const entry of [...listeners]) {
      try {
        if (entry.event === event) entry.listener(told as never);
      } catch {
        // The app's mistake must not stop its events.
      }
    }
  }

  return {
    on(event, listener) {
      const entry: Listener = { event, listener };
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    sent(count) {
      sent += count;
      tell('flush', { sent: count });
    },
    dropped(count, reason) {
      dropped += count;
      warn(`dropped ${count}: ${reason}`);
      tell('drop', { count, reason });
    },
    failed(error) {
      const told =
        error instanceof AppflowError ? error : new AppflowError(`${error}`, { code: 'storage_error' });
      warn(told.message);
      tell('error', told);
    },
    counts: () => ({ sent, dropped }),
  };
}
