import { hasKey, type LoggedBlock } from './logged-block.ts';

/** Blocks that are in the log, and not or perhaps not in the tables. */
export type StagedBlocks = {
  add(block: LoggedBlock): void;
  /** Removes and returns all blocks. They count until they are forgotten. */
  take(): LoggedBlock[];
  /** Puts blocks that were taken before those that were added since: the log is released in the order of blocks. */
  putBack(blocks: readonly LoggedBlock[]): void;
  /** Call it with blocks that were taken, once they are in the tables. */
  forget(blocks: readonly LoggedBlock[]): void;
  /** Whether a staged block may have a key with this hash (see `createEventHasher`); `false` is certain. */
  mayHave(hash: number): boolean;
  /** Whether a staged block has this dedupe key; `hash` is the key's. */
  has(key: string, hash: number): boolean;
  isEmpty(): boolean;
  /** The number of staged rows, including those that are being inserted. */
  rowCount(): number;
  /** Whether enough was added to be worth an insert. */
  isEnough(): boolean;
  /** Whether more may be added. */
  hasRoom(): boolean;
};

/** How much is worth an insert (`rows`, `bytes`), and the limits of the stage, which include what is being inserted. */
export type StageLimits = { rows: number; bytes: number; rowsMax: number; bytesMax: number };

/** Returns an empty stage. */
export function createStagedBlocks(limits: StageLimits): StagedBlocks {
  const index = createHashIndex();
  const waiting = { blocks: [] as LoggedBlock[], rows: 0, bytes: 0 };
  const all = { rows: 0, bytes: 0 };

  function count(counter: { rows: number; bytes: number }, block: LoggedBlock, sign: 1 | -1): void {
    counter.rows += sign * block.hashes.length;
    counter.bytes += sign * block.bytes.length;
  }

  return {
    add(block) {
      waiting.blocks.push(block);
      index.add(block);
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
        index.remove(block);
        count(all, block, -1);
      }
    },
    mayHave: (hash) => index.find(hash) !== undefined,
    has: (key, hash) => index.find(hash)?.some((block) => hasKey(block, key, hash)) ?? false,
    isEmpty: () => waiting.blocks.length === 0,
    rowCount: () => all.rows,
    isEnough: () => waiting.rows >= limits.rows || waiting.bytes >= limits.bytes,
    hasRoom: () => all.rows < limits.rowsMax && all.bytes < limits.bytesMax,
  };
}

/** Blocks by the hashes in them. Nearly every hash is in one block only; all such hashes of a block share one list. */
function createHashIndex() {
  const blocksOf = new Map<number, readonly LoggedBlock[]>();
  return {
    find: (hash: number) => blocksOf.get(hash),
    add(block: LoggedBlock) {
      const alone = [block];
      for (const hash of block.hashes) {
        const others = blocksOf.get(hash);
        if (others === undefined) blocksOf.set(hash, alone);
        else if (!others.includes(block)) blocksOf.set(hash, [...others, block]);
      }
    },
    remove(block: LoggedBlock) {
      for (const hash of block.hashes) {
        const blocks = blocksOf.get(hash);
        if (blocks?.length === 1 && blocks[0] === block) blocksOf.delete(hash);
        else if (blocks?.includes(block))
          blocksOf.set(
            hash,
            blocks.filter((other) => other !== block),
          );
      }
    },
  };
}
