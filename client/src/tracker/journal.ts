import type { AppflowStorage } from '../runtime/storage.ts';
import type { Recorder } from './recorder.ts';
import { createSaver, type Saver } from './state-writer.ts';

/** Does what the app asks in order, after what an earlier run left, and sees to it that it outlives the app. */
export type Journal = Pick<Saver, 'touch' | 'saved'> & {
  /** Goes on where the storage says that the last run ended; resolves when it has answered. Never rejects. */
  open: () => Promise<void>;
  record: (change: () => void) => void;
};

/** What a journal works with; `onChange` is called after each change. */
export type JournalParts = {
  storage: AppflowStorage | undefined;
  key: string;
  recorder: Recorder;
  onChange: () => void;
  onError: (error: unknown) => void;
};

/** Returns a journal that is not open yet: what it is asked waits. */
export function createJournal({ storage, key, recorder, onChange, onError }: JournalParts): Journal {
  const { open, touch, saved } = createSaver(storage, key, recorder, onError);
  let isOpen = false;
  /** What was asked before the storage answered. */
  const early: (() => void)[] = [];

  function apply(change: () => void): void {
    try {
      change();
    } catch (error) {
      onError(error);
    }
    touch();
    onChange();
  }

  return {
    touch,
    saved,
    async open() {
      try {
        const text = storage?.getItem(key) ?? '';
        // Only what is late is waited for: a sync storage has what is tracked next at once.
        recorder.restore(open(typeof text === 'string' ? text : await text));
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
