import { type Static, Type } from 'typebox';

const REJECTED_LINE = Type.Object({ line: Type.Integer(), code: Type.String(), message: Type.String() });

/** The totals of an import. `line` is the last line that is done; all lines before it are done too. */
export const TOTALS = Type.Object({
  line: Type.Integer(),
  accepted: Type.Integer(),
  duplicates: Type.Integer(),
  rejectedByCode: Type.Record(Type.String(), Type.Integer()),
  /** The first few, for display. */
  rejectedLines: Type.Array(REJECTED_LINE),
});

/** The validated form of `TOTALS`. */
export type Totals = Static<typeof TOTALS>;

/** One line of the file that was not stored, and why. */
export type RejectedLine = Static<typeof REJECTED_LINE>;

const REJECTED_LINES_SHOWN = 10;

/** The totals before the first line. */
export const NO_TOTALS: Totals = {
  line: 0,
  accepted: 0,
  duplicates: 0,
  rejectedByCode: {},
  rejectedLines: [],
};

/** Returns the sum of two totals; `more` is for the lines after those of `totals`. */
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

/** Returns the totals with one more rejected line. */
export function addRejected(totals: Totals, rejected: RejectedLine): Totals {
  const { line, code } = rejected;
  return addTotals(totals, { ...NO_TOTALS, line, rejectedByCode: { [code]: 1 }, rejectedLines: [rejected] });
}

/** Returns how many lines were rejected. */
export function countRejected({ rejectedByCode }: Totals): number {
  return Object.values(rejectedByCode).reduce((sum, count) => sum + count, 0);
}
