import { statSync } from 'node:fs';
import type { Control } from '../control/control.ts';
import type { Clock, ClockFloor, ClockState, SystemClock } from '../lib/clock.ts';

/**
 * Returns when the control database was last written, by the file system (epoch milliseconds); 0 if it is new. Call it
 * before opening the database, which writes. Unlike the times in the database, this one is right again soon after a clock
 * that was ahead is corrected.
 */
export function readLastWrite(controlFile: string): number {
  const times = [controlFile, `${controlFile}-wal`].map(
    (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  return Math.floor(Math.max(...times));
}

/** Returns the time of the last entry of the audit log, epoch milliseconds; 0 without one. */
export async function findLastEntryAt({ db }: Pick<Control, 'db'>): Promise<number> {
  const last = await db
    .selectFrom('audit_log')
    .select('at')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last?.at ?? 0;
}

const isSystemClock = (clock: Clock): clock is SystemClock => 'startAt' in clock;

/**
 * Lets the clock start no earlier than what is stored says it was: with a clock that was set back, keys that have expired
 * would be valid again. Does so only for the clock of a process, not for one that a test sets.
 */
export async function applyClockFloor(
  clock: Clock,
  control: Pick<Control, 'db'>,
  lastWriteMs: number,
): Promise<ClockState> {
  if (!isSystemClock(clock)) return { aheadMs: () => 0, floor: undefined };
  const floors: ClockFloor[] = [
    { instantMs: await findLastEntryAt(control), what: 'the last entry of the audit log' },
    { instantMs: lastWriteMs, what: 'the last change of the control database' },
  ];
  const now = clock.now();
  const [floor] = floors
    .filter(({ instantMs }) => instantMs > now)
    .toSorted((a, b) => b.instantMs - a.instantMs);
  if (floor) clock.startAt(floor.instantMs);
  return { aheadMs: clock.aheadMs, floor };
}

/** Returns the state of a clock that starts wherever the wall clock is. */
export function withoutFloor(clock: Clock): ClockState {
  return { aheadMs: isSystemClock(clock) ? clock.aheadMs : () => 0, floor: undefined };
}
