import {
  type Attempt,
  countSteps,
  endOfGroup,
  lowestValue,
  type StepCounts,
  type StepEvents,
  type WalkOptions,
} from './steps.ts';

const NEVER = Number.NEGATIVE_INFINITY;

/**
 * Returns the best attempt of a person at the steps in their order; undefined without a first step in the range. The best
 * attempt has the most steps; of several, it is the one that reached its last step first, and of these the one that
 * started last. Each step is reached as early as possible. Takes time in proportion to the number of events.
 */
export function findSequence(events: StepEvents, options: WalkOptions): Attempt | undefined {
  const best = findBestStart(events, options);
  if (best === undefined) return undefined;
  const { level, startMs } = best;
  let from = 0;
  while ((events.timesMs[from] ?? startMs) < startMs) from += 1;
  const value = lowestValue(events, from, endOfGroup(events, from), 1);
  return { reachedMs: followFrom(events, from, level), startMs, value };
}

type Best = { level: number; startMs: number };

/**
 * Keeps, for each number of steps, the latest start from which they were done so far: whatever follows, an earlier start
 * reaches nothing that this one does not.
 */
function findBestStart(events: StepEvents, options: WalkOptions): Best | undefined {
  const { timesMs, masks } = events;
  const startsMs = new Array<number>(options.stepCount + 1).fill(NEVER);
  let best: Best | undefined;
  for (let from = 0; from < timesMs.length; ) {
    const to = endOfGroup(events, from);
    const timeMs = timesMs[from] ?? 0;
    const level =
      to - from === 1
        ? addOne(startsMs, timeMs, masks[from] ?? 0, options)
        : addGroup(startsMs, timeMs, countSteps(events, from, to), options);
    if (level > (best?.level ?? 0)) best = { level, startMs: startsMs[level] ?? NEVER };
    if (level === options.stepCount) break;
    from = to;
  }
  return best;
}

/** Adds an event that has its time for itself. Returns the highest number of steps that it completes. */
function addOne(
  startsMs: number[],
  timeMs: number,
  mask: number,
  { stepCount, windowMs }: WalkOptions,
): number {
  let highest = 0;
  // From the last step on: one event fills one step.
  for (let level = stepCount; level >= 1; level -= 1) {
    if ((mask & (1 << (level - 1))) === 0) continue;
    const startMs = level === 1 ? timeMs : (startsMs[level - 1] ?? NEVER);
    if (timeMs - startMs > windowMs) continue;
    startsMs[level] = startMs;
    highest = Math.max(highest, level);
  }
  return highest;
}

/** Adds several events at the same time, which count as ordered in whatever way reaches most steps. */
function addGroup(
  startsMs: number[],
  timeMs: number,
  counts: StepCounts,
  { stepCount, windowMs }: WalkOptions,
): number {
  const before = [timeMs, ...startsMs.slice(1)];
  let highest = 0;
  for (const [done, startMs] of before.entries()) {
    if (timeMs - startMs > windowMs) continue;
    const reached = done + counts.match(done, stepCount);
    for (let level = done + 1; level <= reached; level += 1) {
      startsMs[level] = Math.max(startsMs[level] ?? NEVER, startMs);
      highest = Math.max(highest, level);
    }
  }
  return highest;
}

/** Returns when each of the first `level` steps is reached, as early as possible, by the events from `start` on. */
function followFrom(events: StepEvents, start: number, level: number): number[] {
  const reachedMs: number[] = [];
  for (let from = start; reachedMs.length < level && from < events.timesMs.length; ) {
    const to = endOfGroup(events, from);
    const done = reachedMs.length;
    const isAlone = to - from === 1;
    const matched = isAlone
      ? ((events.masks[from] ?? 0) >> done) & 1
      : countSteps(events, from, to).match(done, level);
    for (let step = 0; step < matched; step += 1) reachedMs.push(events.timesMs[from] ?? 0);
    from = to;
  }
  return reachedMs;
}
