/** Where an item waits: its kind, and its lane among the lanes of that kind. */
export type Lane = { kind: string; id: string };

/**
 * Items that wait in lanes: first in, first out within a lane, in turn between the lanes of a kind, and in turn between
 * kinds, so that a thousand lanes of one kind delay another kind as much as one lane does.
 */
export type FairQueue<T> = {
  push(lane: Lane, item: T): void;
  /** Removes and returns the next item; of this kind only, if one is given. */
  shift(onlyKind?: string): T | undefined;
  /** Removes an item that waits no more. */
  remove(lane: Lane, item: T): void;
  /** Items waiting in all. */
  count(): number;
  countOfKind(kind: string): number;
  countOfLane(lane: Lane): number;
};

type Kind<T> = { lanes: Map<string, T[]>; count: number };

/** Returns an empty queue. A lane takes memory only while something waits in it. */
export function createFairQueue<T>(): FairQueue<T> {
  const kinds = new Map<string, Kind<T>>();
  let total = 0;

  function shiftOf(kind: Kind<T>): T | undefined {
    const turn = kind.lanes.entries().next().value;
    if (turn === undefined) return undefined;
    const [id, items] = turn;
    const item = items.shift();
    // Back to the end of the rotation. An empty lane is removed.
    kind.lanes.delete(id);
    if (items.length > 0) kind.lanes.set(id, items);
    kind.count -= 1;
    return item;
  }

  return {
    push(lane, item) {
      const kind = kinds.get(lane.kind) ?? { lanes: new Map<string, T[]>(), count: 0 };
      if (kind.count === 0) kinds.set(lane.kind, kind);
      const items = kind.lanes.get(lane.id);
      if (items) items.push(item);
      else kind.lanes.set(lane.id, [item]);
      kind.count += 1;
      total += 1;
    },
    shift(onlyKind) {
      const name = onlyKind ?? kinds.keys().next().value;
      const kind = name === undefined ? undefined : kinds.get(name);
      if (name === undefined || kind === undefined) return undefined;
      const item = shiftOf(kind);
      kinds.delete(name);
      if (kind.count > 0) kinds.set(name, kind);
      total -= 1;
      return item;
    },
    remove(lane, item) {
      const kind = kinds.get(lane.kind);
      const items = kind?.lanes.get(lane.id);
      const index = items?.indexOf(item) ?? -1;
      if (!kind || !items || index === -1) return;
      items.splice(index, 1);
      if (items.length === 0) kind.lanes.delete(lane.id);
      kind.count -= 1;
      if (kind.count === 0) kinds.delete(lane.kind);
      total -= 1;
    },
    count: () => total,
    countOfKind: (kind) => kinds.get(kind)?.count ?? 0,
    countOfLane: ({ kind, id }) => kinds.get(kind)?.lanes.get(id)?.length ?? 0,
  };
}
