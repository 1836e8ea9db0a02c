import type { Counts } from './figures.ts';

/** How long to send, as fast as possible or this many events per second. */
export type IngestOrder = { url: string; appId: string; keys: string[]; seconds: number; perSecond?: number };

/** What was acknowledged with 200. Batch `n` of lane `l` has the event IDs `load-l-n-0` to `load-l-n-49`. */
export type IngestResult = {
  perSecond: number;
  /** By lane: all batches below this number, since the process started. */
  acknowledged: number[];
  statuses: Counts;
  p50Ms: number;
  p99Ms: number;
  longestGapMs: number;
};

/** Events in each batch of normal load. */
export const EVENTS_PER_BATCH = 50;

/** Whom to be, and for how long. `keys` are known to no attacker. */
export type ViewOrder = {
  url: string;
  seconds: number;
  cookie: string;
  projectId: string;
  appId: string;
  keys: string[];
  tailKey: string;
};

/** What they got. */
export type ViewResult = {
  health: { count: number; failed: number; p99Ms: number; maxMs: number };
  dashboard: { statuses: Counts; p50Ms: number; p99Ms: number };
  keys: Counts;
  tail: { statuses: Counts; events: number };
};
