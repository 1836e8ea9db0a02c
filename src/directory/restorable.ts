import { DAY_MS } from '../lib/durations.ts';

/** How long a deleted app or project can be restored, in milliseconds. */
export const RESTORABLE_MS = 30 * DAY_MS;

/** Whether an app or project was deleted too long ago, at `now` (epoch milliseconds), to be restored. */
export function isPastRestore({ deletedAt }: { deletedAt: number | null }, now: number): boolean {
  return deletedAt !== null && now - deletedAt >= RESTORABLE_MS;
}
