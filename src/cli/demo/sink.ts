import type { DemoEvent } from './events.ts';

/** What became of events: stored now, or stored before. */
export type Loaded = { accepted: number; duplicates: number };

/** Where the demo's events go. */
export type DemoSink = {
  /** Resolves once they are on disk. Throws when one of them is refused. */
  take: (events: readonly DemoEvent[]) => Promise<Loaded>;
  close: () => Promise<void>;
};

/** Throws with the reason why the first of the events was refused that was. */
export function requireNoneRefused([refused]: readonly { message: string }[]): void {
  if (refused) throw new Error(`An event of the demo was refused: ${refused.message}`);
}
