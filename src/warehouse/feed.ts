import type { EventRow } from './event-row.ts';

/**
 * Told of what was stored, in the order it was: `rows` are all of a project's that blocks up to `block` brought since the
 * last call. Undefined: which ones is not known, the store has them. Must neither throw nor take long: a writer waits.
 */
export type FeedListener = (block: number, rows: readonly EventRow[] | undefined) => void;

/** What the writer stores, told as it happens. Nothing is kept: the store has what came before. */
export type Feed = {
  /**
   * Up to which block everything of the project is on disk and was told. Readers are shown it, so it does not move with
   * what other projects store.
   */
  reached(projectId: string): number;
  /** Calls the listener for every block above `reached(projectId)` that brings events of the project. */
  subscribe(projectId: string, listener: FeedListener): { end(): void };
};

/** The writer's side of a feed. */
export type FeedSource = Feed & {
  /** Call once a block is on disk, before anyone is answered; without rows when only the store knows what it holds. */
  publish(block: number, rows?: readonly EventRow[]): void;
};

/** Returns a feed without listeners, for a store that has blocks up to `reached`. */
export function createFeed(reached: number): FeedSource {
  const listeners = new Map<string, Set<FeedListener>>();
  const lastOf = new Map<string, number>();
  /**
   * Above it no project has anything but what `lastOf` knows. A project that has stored nothing since sees it: of others
   * it tells when the last event before the start was stored, and no more.
   */
  let floor = reached;
  let last = reached;

  function recordBlock(rows: readonly EventRow[] | undefined): void {
    if (rows === undefined) {
      floor = last;
      lastOf.clear();
    }
    let previous: string | undefined;
    // Rows of one project lie together, as they came in one request.
    for (const { project_id } of rows ?? []) {
      if (project_id !== previous) lastOf.set(project_id, last);
      previous = project_id;
    }
  }

  return {
    reached: (projectId) => lastOf.get(projectId) ?? floor,
    subscribe(projectId, listener) {
      const subscribers = listeners.get(projectId) ?? new Set();
      listeners.set(projectId, subscribers.add(listener));
      return {
        end() {
          subscribers.delete(listener);
          if (subscribers.size === 0 && listeners.get(projectId) === subscribers) listeners.delete(projectId);
        },
      };
    },
    publish(block, rows) {
      last = Math.max(last, block);
      recordBlock(rows);
      // Most installations have no listener most of the time: then a block costs nothing more.
      for (const [projectId, ofProject] of listeners) {
        const rowsOfProject = rows?.filter((row) => row.project_id === projectId);
        if (rowsOfProject?.length === 0) continue;
        for (const listener of [...ofProject]) listener(last, rowsOfProject);
      }
    },
  };
}
