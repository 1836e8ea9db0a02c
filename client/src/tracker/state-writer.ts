import type { AppflowStorage } from '../runtime/storage.ts';
import { idsOf, type TrackedEvent } from './queue.ts';
import type { Recorder } from './recorder.ts';
import { type Identity, parseSavedState, type SavedState } from './saved-state.ts';

/** Keeps an item in the storage up to date. Other trackers (in other tabs) may write the same item. */
export type StateWriter = {
  /** Returns the state in the item's text and adopts its events: this tracker now keeps or removes them. */
  adopt: (text: string | null | undefined) => SavedState | undefined;
  /** Schedules a write; all changes of one turn of the event loop become one write. */
  save: () => void;
  /** Resolves when all scheduled writes are done or have failed. Never rejects. */
  flush: () => Promise<void>;
};

/** The last write to each storage: writes take turns, since each starts with what the previous one left. */
const lastWrites = new WeakMap<AppflowStorage, Promise<void>>();

/** Returns a writer of a recorder's state. One write at a time: the newest state wins, events of other trackers stay. */
export function createStateWriter(
  storage: AppflowStorage | undefined,
  key: string,
  { state: getState, restore }: Pick<Recorder, 'state' | 'restore'>,
  onError: (error: unknown) => void,
): StateWriter {
  let isScheduled = false;
  let last = Promise.resolve();
  /** The IDs of this tracker's events that may be in the item. */
  let own = idsOf([]);
  /** The identity in the item, as far as this tracker knows. */
  let lastIdentity: Identity | undefined;

  /** Writes this tracker's state plus the events of others in the item. If both changed the identity, this tracker wins. */
  async function write(item: AppflowStorage): Promise<void> {
    const stored = parseSavedState(await item.getItem(key));
    const { who } = getState();
    // Another tracker changed the user: adopt its session too, as this tracker's session has ended. An opt-out always applies.
    const isOtherUser = who === lastIdentity && stored?.who.userId !== who.userId;
    const isOtherChoice = !stored?.who.isOptedOut !== !lastIdentity?.isOptedOut;
    if (stored && (isOtherUser || isOtherChoice)) restore({ ...stored, queue: [] });
    const state = getState();
    const known = idsOf(state.queue);
    const isOther = ({ event_id: id }: TrackedEvent) => !own.has(id) && !known.has(id);
    const others = (!state.who.isOptedOut && stored?.queue.filter(isOther)) || [];
    await item.setItem(key, JSON.stringify({ ...state, queue: [...others, ...state.queue] }));
    own = known;
    lastIdentity = state.who;
  }

  return {
    adopt(text) {
      const saved = parseSavedState(text);
      own = idsOf(saved?.queue ?? []);
      lastIdentity = saved?.who;
      return saved;
    },
    save() {
      if (!storage || isScheduled) return;
      isScheduled = true;
      last = (lastWrites.get(storage) ?? last).then(async () => {
        isScheduled = false;
        try {
          await write(storage);
        } catch (error) {
          onError(error);
        }
      });
      lastWrites.set(storage, last);
    },
    flush: () => last,
  };
}
