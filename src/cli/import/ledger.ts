import type { Progress } from '../../../client/src/admin/send-all.ts';
import { addRejected, addTotals, NO_TOTALS, type RejectedLine, type Totals } from './totals.ts';

/** Tracks which lines are in flight, so that totals always cover all lines from the first up to some line. */
export type Ledger = {
  /** Records that an event of this line is being sent. `doneLine` is the last line that is done with it, if others follow. */
  markSent: (line: number, doneLine?: number) => void;
  /** Records that a line is not an event. */
  reject: (rejected: RejectedLine) => void;
  /** Returns the totals of all lines up to the last event that the server answered. */
  settle: (progress: Progress) => Totals;
};

/** An event in flight. `before` sums up the rejected lines since the previous event: there may be millions. */
type Entry = { line: number; doneLine: number; before: Totals };

/** Returns a ledger that continues from `start`. Lines must be recorded in order. */
export function openLedger(start: Totals): Ledger {
  let settled = start;
  let settledEvents = 0;
  let inFlight: Entry[] = [];
  let trailing = NO_TOTALS;

  function settleNext(
    { line, doneLine, before }: Entry,
    rejection: Progress['rejections'][number] | undefined,
  ): void {
    if (before !== NO_TOTALS) settled = addTotals(settled, before);
    if (rejection) settled = addRejected(settled, { line, code: rejection.code, message: rejection.message });
    settled = { ...settled, line: doneLine };
  }

  return {
    markSent(line, doneLine = line) {
      inFlight.push({ line, doneLine, before: trailing });
      trailing = NO_TOTALS;
    },
    reject(rejected) {
      trailing = addRejected(trailing, rejected);
    },
    settle({ events, accepted, duplicates, rejections }) {
      const byIndex = new Map(rejections.map((rejection) => [rejection.index, rejection]));
      const done = inFlight.slice(0, events - settledEvents);
      for (const [at, entry] of done.entries()) settleNext(entry, byIndex.get(settledEvents + at));
      settledEvents = events;
      inFlight = inFlight.slice(done.length);
      if (inFlight.length === 0 && trailing !== NO_TOTALS) {
        settled = addTotals(settled, trailing);
        trailing = NO_TOTALS;
      }
      settled = {
        ...settled,
        accepted: start.accepted + accepted,
        duplicates: start.duplicates + duplicates,
      };
      return settled;
    },
  };
}
