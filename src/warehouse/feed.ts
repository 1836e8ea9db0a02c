import type { EventRow } from './event-row.ts';

/**
 * Called with what was stored, in storage order. `rows` are all of a project's rows in blocks up to `block` since the
 * previous call; undefined when they are unknown and must be read from the store. Must not throw or take long,
 * because the writer waits for it.
 */
export type FeedListener = (block: number, rows: readonly EventRow[] | undefined) => void;

/** Publishes what the writer stores as it happens. Keeps nothing: earlier events are in the store. */
export type Feed = {
  /**
   * The block up to which all of the project's events are on disk and published. API clients see this value, so it
   * does not change with what other projects store.
   */
  reached(projectId: string): number;
  /** Calls the listener for every block above `reached(projectId)` that contains events of the project. */
  subscribe(projectId: string, listener: FeedListener): { unsubscribe(): void };
};

/** The writer's side of a feed. */
export type FeedSource = Feed & {
  /**
   * Call once a block is on disk, before any append is answered. Omit rows when only the store knows what the block
   * contains; `unread` are projects of which that is so although the rows of others are given.
   */
  publish(block: number, rows?: readonly EventRow[], unread?: readonly string[]): void;
};

/** Returns a feed without listeners, for a store whose highest block is `reached`. */
export function createFeed(reached: number): FeedSource {
  const listeners = new Map<string, Set<FeedListener>>();
  const lastOf = new Map<string, number>();
  /**
   * No project has events above this block except those in `lastOf`. A project that has stored nothing since the
   * start sees this value: all it reveals about other projects is when the last event before the start was stored.
   */
  let floor = reached;
  let last = reached;

  function recordBlock(rows: readonly EventRow[] | undefined, unread: readonly string[]): void {
    if (rows === undefined) {
      floor = last;
      lastOf.clear();
    }
    let previous: string | undefined;
    // Rows of one project are adjacent, because they came in one request.
    for (const { project_id } of rows ?? []) {
      if (project_id !== previous) lastOf.set(project_id, last);
      previous = project_id;
    }
    for (const projectId of unread) lastOf.set(projectId, last);
  }

  return {
    reached: (projectId) => lastOf.get(projectId) ?? floor,
    subscribe(projectId, listener) {
      const subscribers = listeners.get(projectId) ?? new Set();
      listeners.set(projectId, subscribers.add(listener));
      return {
        unsubscribe() {
          subscribers.delete(listener);
          if (subscribers.size === 0 && listeners.get(projectId) === subscribers) listeners.delete(projectId);
        },
      };
    },
    publish(block, rows, unread = []) {
      last = Math.max(last, block);
      recordBlock(rows, unread);
      // Most installations have no listeners most of the time. A block then costs nothing extra.
      for (const [projectId, ofProject] of listeners) {
        const isUnread = unread.includes(projectId);
        const rowsOfProject = isUnread ? undefined : rows?.filter((row) => row.project_id === projectId);
        if (rowsOfProject?.length === 0) continue;
        for (const listener of [...ofProject]) listener(last, rowsOfProject);
      }
    },
  };
}
