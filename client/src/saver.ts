import { idsOf } from './queue.ts';
import { parseSaved, type Saved } from './saved.ts';
import type { AppflowStorage } from './storage.ts';

/** Keeps an item of the storage up to date, which other trackers (in other tabs) may write as well. */
export type Saver = {
  /** Returns what the item's text says, and takes over its events: each is this tracker's to keep or to remove. */
  open: (text: string | null | undefined) => Saved | undefined;
  /** Notes a change; the changes of one turn become one write. */
  touch: () => void;
  /** Resolves when everything noted is written, or could not be. Never rejects. */
  saved: () => Promise<void>;
};

/** The last write of each storage: they take turns, since each begins with what the one before left. */
const turns = new WeakMap<AppflowStorage, Promise<void>>();

/** Returns a saver of what `read` returns. One write at a time: the newest state wins, others' events stay. */
export function createSaver(
  storage: AppflowStorage | undefined,
  key: string,
  read: () => Saved,
  onError: (error: unknown) => void,
): Saver {
  let isStale = false;
  let last = Promise.resolve();
  /** The ids of this tracker's events that may be in the item. */
  let own = idsOf([]);

  /** Returns the item's next text: this tracker's state, with the events that others left in the item. */
  function merge(text: string | null | undefined): string {
    const state = read();
    const known = idsOf(state.queue);
    const stored = parseSaved(text)?.queue ?? [];
    const others = stored.filter(({ event_id: id }) => !own.has(id) && !known.has(id));
    own = known;
    return JSON.stringify({ ...state, queue: [...others, ...state.queue] });
  }

  return {
    open(text) {
      const saved = parseSaved(text);
      own = idsOf(saved?.queue ?? []);
      return saved;
    },
    touch() {
      if (!storage || isStale) return;
      isStale = true;
      last = (turns.get(storage) ?? last).then(async () => {
        isStale = false;
        try {
          await storage.setItem(key, merge(await storage.getItem(key)));
        } catch (error) {
          onError(error);
        }
      });
      turns.set(storage, last);
    },
    saved: () => last,
  };
}
