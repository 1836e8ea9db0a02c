import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Category } from './policies.ts';

/** How busy the server is: how late the event loop runs, and which share of the write queue is taken (0 to 1). */
export type Load = { readonly loopDelayMs: number; readonly queueFill: number };

/** What the event store says of its write queue. */
export type WriteQueue = { rows: number; rowsMax: number; bytes: number; bytesMax: number };

/** Refuses requests before they cost anything when the server cannot keep up. */
export type Shedding = {
  /** Whether to refuse a request of this category now. Ask once a request: it is counted. */
  refuses(category: Category, queue: WriteQueue): boolean;
  /** Returns a sentence while some category is refused, undefined while none is. */
  findWarning(queue: WriteQueue): string | undefined;
  /** Requests refused since the start. */
  totals(): Readonly<Record<Category, number>>;
};

/**
 * Above which load a category is refused. Questions and management can wait, events are refused only when nothing else
 * helps: a full write queue refuses them by itself.
 */
const LOAD_MAX: Record<Category, Load> = {
  analytics: { loopDelayMs: 200, queueFill: 0.8 },
  management: { loopDelayMs: 200, queueFill: 0.8 },
  events: { loopDelayMs: 1000, queueFill: 1 },
};

const CATEGORIES: readonly Category[] = ['analytics', 'management', 'events'];

const LOG_INTERVAL_MS = 60_000;

/** Returns whether requests of this category are to be refused at this load. */
export function decideShedding(category: Category, { loopDelayMs, queueFill }: Load): boolean {
  const max = LOAD_MAX[category];
  return loopDelayMs > max.loopDelayMs || queueFill > max.queueFill;
}

/** Returns the shedding of one server. `readLoopDelayMs` as `LoopDelay.readMs`. */
export function createShedding(options: { readLoopDelayMs: () => number; clock: Clock; log: Log }): Shedding {
  const { readLoopDelayMs, clock, log } = options;
  const totals = { analytics: 0, management: 0, events: 0 };
  let lastLoggedAt = Number.NEGATIVE_INFINITY;

  const readLoad = (queue: WriteQueue): Load => ({
    loopDelayMs: readLoopDelayMs(),
    queueFill: Math.max(queue.rows / queue.rowsMax, queue.bytes / queue.bytesMax),
  });

  return {
    refuses(category, queue) {
      const load = readLoad(queue);
      if (!decideShedding(category, load)) return false;
      totals[category] += 1;
      // Once a minute: a line for each would be more work just when there is too much.
      if (clock.now() - lastLoggedAt >= LOG_INTERVAL_MS) {
        lastLoggedAt = clock.now();
        log.warn({ category, ...load }, 'too busy: requests are refused with 503');
      }
      return true;
    },
    findWarning(queue) {
      const load = readLoad(queue);
      const refused = CATEGORIES.filter((category) => decideShedding(category, load));
      if (refused.length === 0) return undefined;
      return `The server is too busy: requests of these categories are refused with 503: ${refused.join(', ')}.`;
    },
    totals: () => totals,
  };
}
