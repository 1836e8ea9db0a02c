import type { AppflowStorage } from '../runtime/storage.ts';
import type { Recorder } from './recorder.ts';
import { createStateWriter, type StateWriter } from './state-writer.ts';

/** Applies the app's calls in order, on top of the state of an earlier run, and persists the result. */
export type Journal = Pick<StateWriter, 'save' | 'flush'> & {
  /** Restores the state of the last run; resolves when the storage has answered. Never rejects. */
  open: () => Promise<void>;
  /** Applies a change now, or once the journal is open. */
  record: (change: () => void) => void;
};

/**
 * Returns a journal of the item `key` that is not open yet: changes are kept until it is. `onChange` is called after each
 * change.
 */
export function createJournal(
  storage: AppflowStorage | undefined,
  key: string,
  recorder: Recorder,
  onChange: () => void,
  onError: (error: unknown) => void,
): Journal {
  const writer = createStateWriter(storage, key, recorder, onError);
  let isOpen = false;
  /** Changes recorded before the storage answered. */
  const early: (() => void)[] = [];

  function apply(change: () => void): void {
    try {
      change();
    } catch (error) {
      onError(error);
    }
    writer.save();
    onChange();
  }

  return {
    ...writer,
    async open() {
      try {
        const text = storage?.getItem(key) ?? '';
        // No await for a sync storage: it then has the next tracked event immediately.
        recorder.restore(writer.adopt(typeof text === 'string' ? text : await text));
      } catch (error) {
        onError(error);
      }
      isOpen = true;
      for (const change of early) apply(change);
      onChange();
    },
    record: (change) => void (isOpen ? apply(change) : early.push(change)),
  };
}
