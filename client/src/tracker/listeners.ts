import { AppflowError } from '../api/errors.ts';
import type { TrackedEvent } from './queue.ts';

/** The events of a tracker and what their listeners get. */
export type AppflowEvents = {
  /** A failure. Sending resumes on its own unless it is a rejection (400 to 499), which needs `setApiKey` or a restart. */
  error: AppflowError;
  /** Events that reached the server. */
  flush: { sent: number };
  /** Events that were lost, and why: `queue_full`, `invalid_event_name`, the server's code for a rejected event, … */
  drop: { count: number; reason: string; events: readonly DroppedEvent[] };
};

/** A lost event: as it would have been sent, or what the app passed if it was not valid. */
export type DroppedEvent = { [Name in keyof TrackedEvent]?: TrackedEvent[Name] | undefined };

/** Counts what happens to events and notifies listeners. */
export type Listeners = {
  /** Calls `listener` for each such event until the returned function is called. Errors it throws are ignored. */
  on: <E extends keyof AppflowEvents>(event: E, listener: (details: AppflowEvents[E]) => void) => () => void;
  /** Reports events that reached the server, including those it already had. */
  sent: (count: number) => void;
  /** Reports lost events, and why. */
  dropped: (reason: string, events: readonly DroppedEvent[]) => void;
  /** Reports a failure; anything but an AppflowError comes from the storage. */
  failed: (error: unknown) => void;
  counts: () => { sent: number; dropped: number };
};

type Entry = { event: keyof AppflowEvents; listener: (details: never) => void };

/** Returns the listeners of a tracker. With `isVerbose` it also logs mistakes to the console. */
export function createListeners(isVerbose: boolean): Listeners {
  const entries = new Set<Entry>();
  let sent = 0;
  let dropped = 0;

  function warn(text: string): void {
    // biome-ignore lint/suspicious/noConsole: only in development or with `debug`.
    if (isVerbose) console.warn(`Appflow: ${text}`);
  }

  function notify<E extends keyof AppflowEvents>(event: E, details: AppflowEvents[E]): void {
    for (const entry of [...entries]) {
      try {
        if (entry.event === event) entry.listener(details as never);
      } catch {
        // A bug in the app's listener must not stop its events.
      }
    }
  }

  return {
    on(event, listener) {
      const entry: Entry = { event, listener };
      entries.add(entry);
      return () => void entries.delete(entry);
    },
    sent(count) {
      sent += count;
      notify('flush', { sent: count });
    },
    dropped(reason, events) {
      const count = events.length;
      if (count === 0) return;
      dropped += count;
      warn(`dropped ${count}: ${reason}`);
      notify('drop', { count, reason, events });
    },
    failed(error) {
      const failure =
        error instanceof AppflowError ? error : new AppflowError(`${error}`, { code: 'storage_error' });
      warn(failure.message);
      notify('error', failure);
    },
    counts: () => ({ sent, dropped }),
  };
}
