const STEPS = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/**
 * Returns the values of about `count` horizontal grid lines, lowest first: round, evenly spaced, and covering zero and all
 * `values`. `isWhole` restricts them to whole numbers.
 */
export function axisTicks(values: readonly number[], count: number, isWhole: boolean): number[] {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const rough = (high - low || 1) / count;
  const size = 10 ** Math.floor(Math.log10(rough));
  const round = size * (STEPS.find((factor) => factor * size >= rough) ?? 10);
  const step = isWhole ? Math.max(1, Math.ceil(round)) : round;
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step));
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

/** Returns which of `length` days are labeled below the chart, evenly spaced, at most `most`. */
export function labeledDays(length: number, most: number): number[] {
  const step = Math.ceil(length / most);
  return Array.from({ length: Math.ceil(length / step) }, (_, index) => index * step);
}

/** Returns the horizontal position of a day, 0–100; a single day is in the middle. */
export function xPercent(index: number, length: number): number {
  return length === 1 ? 50 : (index / (length - 1)) * 100;
}

/** Returns which of `length` days is nearest to a horizontal position, 0–1; beyond the edges the first or last. */
export function nearestDay(place: number, length: number): number {
  return Math.min(length - 1, Math.max(0, Math.round(place * (length - 1))));
}

/** Returns the vertical position of a value below the highest grid line, 0–100. */
export function yPercent(value: number, ticks: readonly number[]): number {
  const [low = 0, high = 1] = [ticks[0], ticks.at(-1)];
  return ((high - value) / (high - low)) * 100;
}

/** Returns the path of a line in a square of 100. It is interrupted where a value is null. */
export function linePath(values: readonly (number | null)[], ticks: readonly number[]): string {
  return values
    .map((value, index) => {
      if (value === null) return '';
      const command = (values[index - 1] ?? null) === null ? 'M' : 'L';
      return `${command}${xPercent(index, values.length).toFixed(3)} ${yPercent(value, ticks).toFixed(3)}`;
    })
    .join('');
}

/** Returns the path of the area between zero and a line without gaps. */
export function areaPath(values: readonly (number | null)[], ticks: readonly number[]): string {
  const first = values.findIndex((value) => value !== null);
  if (first < 0) return '';
  const last = values.findLastIndex((value) => value !== null);
  const zero = yPercent(0, ticks).toFixed(3);
  const [left, right] = [first, last].map((index) => xPercent(index, values.length).toFixed(3));
  return `${linePath(values, ticks)}L${right} ${zero}L${left} ${zero}Z`;
}
