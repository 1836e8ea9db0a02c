/** Lets days of an app be derived again. Call it before events are deleted and afterwards, too. */
export type InvalidateDays = (
  app: { id: string; projectId: string },
  days: readonly number[],
) => Promise<void>;

/** Returns days of UTC, and those before and after: in a time zone, their events may be on another day. */
export function withNeighbors(days: readonly number[]): number[] {
  return [...new Set(days.flatMap((day) => [day - 1, day, day + 1]))].sort((one, other) => one - other);
}
