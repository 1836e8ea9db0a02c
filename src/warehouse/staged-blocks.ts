import type { LoggedBlock } from './logged-block.ts';

/** Blocks that are in the log, and not or perhaps not in the tables. */
export type StagedBlocks = {
  add(block: LoggedBlock): void;
  /** Removes and returns all blocks. They count until they are forgotten. */
  take(): LoggedBlock[];
  /** Puts blocks that were taken before those that were added since: the log is released in the order of blocks. */
  putBack(blocks: readonly LoggedBlock[]): void;
  /** Call it with blocks that were taken, once they are in the tables. */
  forget(blocks: readonly LoggedBlock[]): void;
  /** Whether a dedupe key is one of a block that is not forgotten. */
  has(key: string): boolean;
  isEmpty(): boolean;
  /** Whether enough was added to be worth an insert. */
  isEnough(): boolean;
  /** Whether more may be added. */
  hasRoom(): boolean;
};

/** How much is worth an insert, and how much there may be, with what is being inserted. `bytes` are of text. */
export type StageLimits = { rows: number; bytes: number; rowsMax: number; bytesMax: number };

/** Returns an empty stage. */
export function createStagedBlocks(limits: StageLimits): StagedBlocks {
  const keys = new Set<string>();
  const waiting = { blocks: [] as LoggedBlock[], rows: 0, bytes: 0 };
  const all = { rows: 0, bytes: 0 };

  function count(counter: { rows: number; bytes: number }, { rows, text }: LoggedBlock, sign: 1 | -1): void {
    counter.rows += sign * rows.length;
    counter.bytes += sign * text.length;
  }

  return {
    add(block) {
      waiting.blocks.push(block);
      for (const key of block.keys) keys.add(key);
      count(waiting, block, 1);
      count(all, block, 1);
    },
    take() {
      const { blocks } = waiting;
      Object.assign(waiting, { blocks: [], rows: 0, bytes: 0 });
      return blocks;
    },
    putBack(blocks) {
      waiting.blocks = [...blocks, ...waiting.blocks];
      for (const block of blocks) count(waiting, block, 1);
    },
    forget(blocks) {
      for (const block of blocks) {
        for (const key of block.keys) keys.delete(key);
        count(all, block, -1);
      }
    },
    has: (key) => keys.has(key),
    isEmpty: () => waiting.blocks.length === 0,
    isEnough: () => waiting.rows >= limits.rows || waiting.bytes >= limits.bytes,
    hasRoom: () => all.rows < limits.rowsMax && all.bytes < limits.bytesMax,
  };
}
