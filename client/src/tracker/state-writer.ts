import type { AppflowStorage } from '../runtime/storage.ts';
import { idsOf } from './queue.ts';
import type { Recorder } from './recorder.ts';
import { parseSaved, type Saved } from './saved-state.ts';

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

/** Returns a saver of a recorder's state. One write at a time: the newest state wins, others' events stay. */
export function createSaver(
  storage: AppflowStorage | undefined,
  key: string,
  { save: read, restore }: Pick<Recorder, 'save' | 'restore'>,
  onError: (error: unknown) => void,
): Saver {
  let isStale = false;
  let last = Promise.resolve();
  /** The ids of this tracker's events that may be in the item. */
  let own = idsOf([]);
  /** Who it was in the item, as far as this tracker knows. */
  let lastWho: unknown;

  /** Writes this tracker's state, with the events that others left in the item, and who it is by whoever was told last. */
  async function write(item: AppflowStorage): Promise<void> {
    const stored = parseSaved(await item.getItem(key));
    const { who } = read();
    // Its session comes along: the one that this tracker had is over.
    if (who === lastWho && stored && stored.who.userId !== who.userId) restore({ ...stored, queue: [] });
    const state = read();
    const known = idsOf(state.queue);
    const others = stored?.queue.filter(({ event_id: id }) => !own.has(id) && !known.has(id)) ?? [];
    await item.setItem(key, JSON.stringify({ ...state, queue: [...others, ...state.queue] }));
    own = known;
    lastWho = state.who;
  }

  return {
    open(text) {
      const saved = parseSaved(text);
      own = idsOf(saved?.queue ?? []);
      lastWho = saved?.who;
      return saved;
    },
    touch() {
      if (!storage || isStale) return;
      isStale = true;
      last = (turns.get(storage) ?? last).then(async () => {
        isStale = false;
        try {
          await write(storage);
        } catch (error) {
          onError(error);
        }
      });
      turns.set(storage, last);
    },
    saved: () => last,
  };
}
