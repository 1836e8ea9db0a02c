import type { Progress } from '../../../client/src/admin/send-all.ts';
import { addRejected, addTotals, NOTHING, type RejectedLine, type Totals } from './totals.ts';

/** Knows which lines are on their way, so that the totals always are those of whole lines from the first one on. */
export type Ledger = {
  /** Notes that the event of this line is handed out to be sent. */
  send: (line: number) => void;
  /** Notes that a line is no event. */
  refuse: (rejected: RejectedLine) => void;
  /** Returns the totals of all lines up to the last event that is dealt with. */
  settle: (progress: Progress) => Totals;
};

/** `before` sums up the refused lines between the last event and this one: a file may hold nothing else. */
type Entry = { line: number; before: Totals };

/** Returns a ledger that goes on from `start`, told of lines in their order. */
export function openLedger(start: Totals): Ledger {
  let settled = start;
  let settledEvents = 0;
  let open: Entry[] = [];
  let behind = NOTHING;

  function settleNext({ line, before }: Entry, rejection: Progress['rejections'][number] | undefined): void {
    if (before !== NOTHING) settled = addTotals(settled, before);
    if (rejection) settled = addRejected(settled, { line, code: rejection.code, message: rejection.message });
    settled = { ...settled, line };
  }

  return {
    send(line) {
      open.push({ line, before: behind });
      behind = NOTHING;
    },
    refuse(rejected) {
      behind = addRejected(behind, rejected);
    },
    settle({ events, accepted, duplicates, rejections }) {
      const byIndex = new Map(rejections.map((rejection) => [rejection.index, rejection]));
      const done = open.slice(0, events - settledEvents);
      for (const [at, entry] of done.entries()) settleNext(entry, byIndex.get(settledEvents + at));
      settledEvents = events;
      open = open.slice(done.length);
      if (open.length === 0 && behind !== NOTHING) {
        settled = addTotals(settled, behind);
        behind = NOTHING;
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
