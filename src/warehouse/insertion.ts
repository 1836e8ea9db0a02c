import { setTimeout } from 'node:timers/promises';
import type { BlockStore } from './block-store.ts';
import type { LoggedBlock } from './logged-block.ts';

/** Inserts blocks, and what is derived from them, so that each row is there once whatever fails. */
export type Insertion = {
  /**
   * Inserts blocks. After a failure it tries again some times. Rejects with StorageError;
   * call it with the same blocks then, before any other.
   */
  insert(blocks: readonly LoggedBlock[]): Promise<void>;
  /** Call it before blocks of which an unknown part is in the tables. */
  doubt(): void;
  /** Whether the latest attempt failed. */
  isFailing(): boolean;
};

export type InsertionOptions = {
  store: BlockStore;
  onFailure: (error: unknown, what: string) => void;
  /** Called after each insert; `wasFailing` says that an attempt before it failed. */
  onSuccess: (wasFailing: boolean) => void;
};

/** Attempts after a failure, before those that wait are rejected. */
const ATTEMPTS = 5;
const RETRY_MS = 50;

/** Returns an insertion into tables that are complete. */
export function createInsertion({ store, onFailure, onSuccess }: InsertionOptions): Insertion {
  /** `unknown`: an unknown part of the next blocks is in the tables. `failing`: and the latest attempt failed. */
  let state: 'sound' | 'unknown' | 'failing' = 'sound';

  async function attempt(blocks: readonly LoggedBlock[]): Promise<void> {
    try {
      await (state === 'sound' ? store.insertNew(blocks) : insertAgain(store, blocks));
    } catch (error) {
      state = 'failing';
      onFailure(error, 'inserting events failed');
      throw error;
    }
    onSuccess(state === 'failing');
    state = 'sound';
  }

  return {
    async insert(blocks) {
      for (let left = state === 'failing' ? 1 : ATTEMPTS; ; left -= 1) {
        try {
          return await attempt(blocks);
        } catch (error) {
          if (left === 1) throw error;
          await setTimeout((ATTEMPTS + 1 - left) * RETRY_MS);
        }
      }
    },
    doubt() {
      state = 'unknown';
    },
    isFailing: () => state === 'failing',
  };
}

/** Inserts what an interrupted attempt left out. */
async function insertAgain(store: BlockStore, blocks: readonly LoggedBlock[]): Promise<void> {
  await store.repair(blocks[0]?.block);
  await store.insertMissing(blocks);
}
