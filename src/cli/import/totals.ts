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

/** What became of some of the lines. */
export type Delivery = { accepted: number; duplicates: number; rejected: readonly RejectedLine[] };

const REJECTED_LINES_SHOWN = 10;

/** Nothing imported yet. */
export const NOTHING: Totals = {
  line: 0,
  accepted: 0,
  duplicates: 0,
  rejectedByCode: {},
  rejectedLines: [],
};

/** Returns the totals after a delivery that ended with line number `line`. */
export function addDelivery(
  totals: Totals,
  { accepted, duplicates, rejected }: Delivery,
  line: number,
): Totals {
  const rejectedByCode = { ...totals.rejectedByCode };
  for (const { code } of rejected) rejectedByCode[code] = (rejectedByCode[code] ?? 0) + 1;
  return {
    line,
    accepted: totals.accepted + accepted,
    duplicates: totals.duplicates + duplicates,
    rejectedByCode,
    rejectedLines: [...totals.rejectedLines, ...rejected].slice(0, REJECTED_LINES_SHOWN),
  };
}

/** Returns how many lines were rejected. */
export function countRejected({ rejectedByCode }: Totals): number {
  return Object.values(rejectedByCode).reduce((sum, count) => sum + count, 0);
}
