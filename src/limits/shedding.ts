import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Category } from './policies.ts';
import { createRefusalLog } from './refusal-log.ts';

/** How busy the server is: the event-loop delay, and the used fraction of the write queue (0 to 1). */
export type Load = { readonly loopDelayMs: number; readonly queueFill: number };

/** The state of the event store's write queue. */
export type WriteQueue = { rows: number; rowsMax: number; bytes: number; bytesMax: number };

/** Load shedding: refuses requests before they cost anything when the server cannot keep up. */
export type Shedding = {
  /** Whether to refuse a request of this category now. Call it once per request: it counts refusals. */
  refuses(category: Category, queue: WriteQueue): boolean;
  /** Returns a sentence while a category is being refused, undefined otherwise. */
  findProblem(queue: WriteQueue): string | undefined;
  /** Requests refused since startup. */
  totals(): Readonly<Record<Category, number>>;
};

/**
 * The load above which a category is refused. Queries and management can wait; events are refused only when nothing
 * else helps, and never because of the write queue: it refuses them by itself, and fairly, since it knows how much of it
 * each project uses.
 */
const LOAD_MAX: Record<Category, Load> = {
  analytics: { loopDelayMs: 200, queueFill: 0.8 },
  management: { loopDelayMs: 200, queueFill: 0.8 },
  events: { loopDelayMs: 1000, queueFill: Number.POSITIVE_INFINITY },
};

const CATEGORIES: readonly Category[] = ['analytics', 'management', 'events'];

/** Returns whether to refuse requests of this category at this load. */
export function decideShedding(category: Category, { loopDelayMs, queueFill }: Load): boolean {
  const max = LOAD_MAX[category];
  return loopDelayMs > max.loopDelayMs || queueFill > max.queueFill;
}

/** Returns the load shedding of one server. `readLoopDelayMs` as `LoopDelay.readMs`. */
export function createShedding(options: { readLoopDelayMs: () => number; clock: Clock; log: Log }): Shedding {
  const { readLoopDelayMs } = options;
  const logRefusal = createRefusalLog(options, 'too busy: requests are refused with 503');
  const totals = { analytics: 0, management: 0, events: 0 };

  const readLoad = (queue: WriteQueue): Load => ({
    loopDelayMs: readLoopDelayMs(),
    queueFill: Math.max(queue.rows / queue.rowsMax, queue.bytes / queue.bytesMax),
  });

  return {
    refuses(category, queue) {
      const load = readLoad(queue);
      if (!decideShedding(category, load)) return false;
      totals[category] += 1;
      logRefusal({ category, ...load });
      return true;
    },
    findProblem(queue) {
      const load = readLoad(queue);
      const refused = CATEGORIES.filter((category) => decideShedding(category, load));
      if (refused.length === 0) return undefined;
      return `The server is too busy: requests of these categories are refused with 503: ${refused.join(', ')}.`;
    },
    totals: () => totals,
  };
}
