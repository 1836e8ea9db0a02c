/** The events of one person that match a step, in the order of their time. All lists are parallel. */
export type StepEvents = {
  /** Epoch milliseconds. */
  timesMs: ArrayLike<number>;
  /** The steps that an event matches, as bits: 1 is the first step. */
  masks: ArrayLike<number>;
  /** 1 if the event is in the range of the query. */
  inRange: ArrayLike<number>;
  /** The place of the event's value in the list of the breakdown's values. */
  values: ArrayLike<number>;
};

/** How far someone got at best. */
export type Attempt = {
  /** When each step was reached, from the first, in epoch milliseconds; at least one. */
  reachedMs: number[];
  /** When it started. */
  startMs: number;
  /** The value of the event that it started with. */
  value: number;
};

/** A funnel, as far as walking through events needs to know it. */
export type WalkOptions = { stepCount: number; windowMs: number };

/** Returns the index after the last event at the time of event `from`, before `end`. */
export function endOfGroup({ timesMs }: StepEvents, from: number, end = timesMs.length): number {
  let to = from + 1;
  while (to < end && timesMs[to] === timesMs[from]) to += 1;
  return to;
}

/** Returns the lowest value of the events from `from` to before `to` that are in the range and match a step in `mask`. */
export function lowestValue(
  { masks, inRange, values }: StepEvents,
  from: number,
  to: number,
  mask: number,
): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (let index = from; index < to; index += 1) {
    if (inRange[index] === 1 && ((masks[index] ?? 0) & mask) !== 0)
      lowest = Math.min(lowest, values[index] ?? 0);
  }
  return lowest;
}

/** Events by the steps that they match: the order of those inside a window or at the same time does not matter. */
export type StepCounts = {
  /** Adds an event, or removes one with -1. */
  add(mask: number, count: 1 | -1): void;
  /**
   * Returns how many steps after the first `done` can be matched to different events, in the order of the steps: the
   * second does not count without the first.
   */
  match(done: number, stepCount: number): number;
};

/** Returns counts without events. */
export function createStepCounts(): StepCounts {
  const counts = new Map<number, number>();
  return {
    add(mask, count) {
      counts.set(mask, (counts.get(mask) ?? 0) + count);
    },
    match(done, stepCount) {
      // More events that match the same steps than there are steps never make a difference.
      const masks = [...counts].flatMap(([mask, count]) =>
        new Array<number>(Math.min(count, stepCount)).fill(mask),
      );
      const stepOf = new Array<number>(masks.length).fill(NO_STEP);
      for (let step = done; step < stepCount; step += 1) {
        if (!matchStep(masks, stepOf, step, new Set())) return step - done;
      }
      return stepCount - done;
    },
  };
}

const NO_STEP = -1;

/** Matches a step to an event, moving other steps to other events where needed: an augmenting path. */
function matchStep(masks: readonly number[], stepOf: number[], step: number, tried: Set<number>): boolean {
  for (const [index, mask] of masks.entries()) {
    if ((mask & (1 << step)) === 0 || tried.has(index)) continue;
    tried.add(index);
    const other = stepOf[index] ?? NO_STEP;
    if (other !== NO_STEP && !matchStep(masks, stepOf, other, tried)) continue;
    stepOf[index] = step;
    return true;
  }
  return false;
}

/** Returns the counts of the events from `from` to before `to`. */
export function countSteps({ masks }: StepEvents, from: number, to: number): StepCounts {
  const counts = createStepCounts();
  for (let index = from; index < to; index += 1) counts.add(masks[index] ?? 0, 1);
  return counts;
}
