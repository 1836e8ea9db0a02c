/** Items that wait in lanes: first in, first out within a lane, and in turn between lanes. */
export type FairQueue<T> = {
  push(lane: string, item: T): void;
  /** Removes and returns the next item. */
  shift(): T | undefined;
  /** Items waiting: in one lane, or in all. */
  count(lane?: string): number;
};

/** Returns an empty queue. A lane takes memory only while something waits in it. */
export function createFairQueue<T>(): FairQueue<T> {
  const lanes = new Map<string, T[]>();
  let total = 0;
  return {
    push(lane, item) {
      const items = lanes.get(lane);
      if (items) items.push(item);
      else lanes.set(lane, [item]);
      total += 1;
    },
    shift() {
      const turn = lanes.entries().next().value;
      if (turn === undefined) return undefined;
      const [lane, items] = turn;
      const item = items.shift();
      // Back to the end of the rotation. An empty lane is removed.
      lanes.delete(lane);
      if (items.length > 0) lanes.set(lane, items);
      total -= 1;
      return item;
    },
    count: (lane) => (lane === undefined ? total : (lanes.get(lane)?.length ?? 0)),
  };
}
