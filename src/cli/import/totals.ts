import { type Static, Type } from 'typebox';

const REJECTED_LINE = Type.Object({ line: Type.Integer(), code: Type.String(), message: Type.String() });

/** What an import has come to. `line` is the last one of the file that is done, and all before it are. */
export const TOTALS = Type.Object({
  line: Type.Integer(),
  accepted: Type.Integer(),
  duplicates: Type.Integer(),
  rejectedByCode: Type.Record(Type.String(), Type.Integer()),
  /** The first few, to be shown. */
  rejectedLines: Type.Array(REJECTED_LINE),
});

export type Totals = Static<typeof TOTALS>;

/** One line of the file that was not stored, and why. */
export type RejectedLine = Static<typeof REJECTED_LINE>;

const REJECTED_LINES_SHOWN = 10;

/** Nothing imported yet. */
export const NOTHING: Totals = {
  line: 0,
  accepted: 0,
  duplicates: 0,
  rejectedByCode: {},
  rejectedLines: [],
};

/** Returns the totals of lines and of those behind them. */
export function addTotals(totals: Totals, more: Totals): Totals {
  const rejectedByCode = { ...totals.rejectedByCode };
  for (const [code, times] of Object.entries(more.rejectedByCode)) {
    rejectedByCode[code] = (rejectedByCode[code] ?? 0) + times;
  }
  return {
    line: more.line,
    accepted: totals.accepted + more.accepted,
    duplicates: totals.duplicates + more.duplicates,
    rejectedByCode,
    rejectedLines: [...totals.rejectedLines, ...more.rejectedLines].slice(0, REJECTED_LINES_SHOWN),
  };
}

/** Returns the totals with one more line, which was rejected. */
export function addRejected(totals: Totals, rejected: RejectedLine): Totals {
  const { line, code } = rejected;
  return addTotals(totals, { ...NOTHING, line, rejectedByCode: { [code]: 1 }, rejectedLines: [rejected] });
}

/** Returns how many lines were rejected. */
export function countRejected({ rejectedByCode }: Totals): number {
  return Object.values(rejectedByCode).reduce((sum, count) => sum + count, 0);
}
