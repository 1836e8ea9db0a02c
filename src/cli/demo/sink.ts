import type { DemoEvent } from './events.ts';

/** How many events were stored now, and how many before. */
export type Loaded = { accepted: number; duplicates: number };

/** The destination of the demo's events. */
export type DemoSink = {
  /** Resolves once the events are on disk. Throws if one of them is rejected. */
  store: (events: readonly DemoEvent[]) => Promise<Loaded>;
  close: () => Promise<void>;
};

/** Throws the reason of the first rejection, if there is one. */
export function requireNoneRejected([rejection]: readonly { message: string }[]): void {
  if (rejection) throw new Error(`A demo event was rejected: ${rejection.message}`);
}
