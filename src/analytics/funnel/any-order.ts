import {
  type Attempt,
  createStepCounts,
  endOfGroup,
  lowestValue,
  type StepCounts,
  type StepEvents,
  type WalkOptions,
} from './steps.ts';

/**
 * Returns the best attempt of a person at the steps in any order; undefined if there is none. An attempt starts with an
 * event in the range and did the first `level` steps if different events from its start to the end of its window match
 * them. The best has the most steps; of several, it is the one that was complete first, and of these the one that started
 * last. `reachedMs` says when the first step, the first two, and so on were done. Takes time in proportion to the events.
 */
export function findAnyOrder(events: StepEvents, options: WalkOptions): Attempt | undefined {
  const completion = findCompletion(events, options);
  if (completion.level === 0) return undefined;
  const from = findLatestStart(events, completion);
  return {
    reachedMs: reachFrom(events, from, completion),
    startMs: events.timesMs[from] ?? 0,
    value: lowestValue(events, from, endOfGroup(events, from), maskOf(completion.level)),
  };
}

/** The number of steps, and the events from the earliest possible start to before `to`, which completed them. */
type Completion = { level: number; from: number; to: number };

/** The bits of the first `level` steps. */
const maskOf = (level: number) => (1 << level) - 1;

function findCompletion(events: StepEvents, { stepCount, windowMs }: WalkOptions): Completion {
  const counts = createStepCounts();
  let best: Completion = { level: 0, from: 0, to: 0 };
  let from = 0;
  for (let to = 0; to < events.timesMs.length && best.level < stepCount; ) {
    const earliestMs = (events.timesMs[to] ?? 0) - windowMs;
    to = addGroup(counts, events, to);
    for (; from < to && !canStart(events, from, earliestMs); from += 1)
      counts.add(events.masks[from] ?? 0, -1);
    const level = counts.match(0, stepCount);
    // If steps can be matched at all, they can be matched by a set with any one event that matches one of them.
    const isValid = level > best.level && hasStep(events, from, to, level);
    best = isValid ? { level, from, to } : best;
  }
  return best;
}

/** Adds the events at the time of event `from`, and returns the index after them. */
function addGroup(counts: StepCounts, events: StepEvents, from: number): number {
  const to = endOfGroup(events, from);
  for (let index = from; index < to; index += 1) counts.add(events.masks[index] ?? 0, 1);
  return to;
}

const canStart = ({ timesMs, inRange }: StepEvents, index: number, earliestMs: number) =>
  inRange[index] === 1 && (timesMs[index] ?? 0) >= earliestMs;

/** Whether an event in the range matches one of the first `level` steps. */
const hasStep = (events: StepEvents, from: number, to: number, level: number) =>
  Number.isFinite(lowestValue(events, from, to, maskOf(level)));

/** Returns the first event of the latest time in the range from which the steps of a completion can be matched. */
function findLatestStart(events: StepEvents, { level, from, to }: Completion): number {
  const counts = createStepCounts();
  for (let start = to; start > from; ) {
    const end = start;
    do {
      start -= 1;
      counts.add(events.masks[start] ?? 0, 1);
    } while (start > from && events.timesMs[start - 1] === events.timesMs[start]);
    if (hasStep(events, start, end, level) && counts.match(0, level) === level) return start;
  }
  return from;
}

function reachFrom({ timesMs, masks }: StepEvents, start: number, { level, to }: Completion): number[] {
  const counts = createStepCounts();
  const reachedMs: number[] = [];
  for (let index = start; index < to; index += 1) {
    counts.add(masks[index] ?? 0, 1);
    const done = counts.match(0, level);
    while (reachedMs.length < done) reachedMs.push(timesMs[index] ?? 0);
  }
  return reachedMs;
}
