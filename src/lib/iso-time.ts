/** A power of two, so that a bit mask finds the place of an instant. */
const KEPT = 256;
const instants = new Float64Array(KEPT).fill(Number.NaN);
const texts: string[] = Array.from({ length: KEPT }, () => '');

/**
 * Returns an instant, epoch milliseconds, as `Date.prototype.toISOString` does. Answers repeat instants: those of a record in
 * each, and now in several members. So the texts of some are kept. Throws RangeError if the instant is no date.
 */
export function toIsoTime(instantMs: number): string {
  const at = instantMs & (KEPT - 1);
  if (instants[at] === instantMs) return texts[at] ?? '';
  const text = new Date(instantMs).toISOString();
  instants[at] = instantMs;
  texts[at] = text;
  return text;
}
