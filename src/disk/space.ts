import { statfsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { SECOND_MS } from '../lib/durations.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { runPeriodically } from '../lib/periodic.ts';
import { openReserve, RESERVE_BYTES } from './reserve.ts';

const MEBIBYTE = 1024 * 1024;

/**
 * Events are refused while less than this is free: twice what may wait to be stored, and it is checked every second. What
 * is left is for revocations, sign-ins and the audit log.
 */
export const FREE_BYTES_MIN = 128 * MEBIBYTE;

/** Events are stored again when this much is free: the difference keeps a disk at the limit from switching back and forth. */
export const FREE_BYTES_ENOUGH = 160 * MEBIBYTE;

/** The event store does not open with less: it reserves space before it writes a table, and keeps files of its own. */
const OPEN_BYTES_MIN = 4 * MEBIBYTE;
/** Enough for `OPEN_BYTES_MIN`, and one that something else takes first. */
const OPEN_PIECES_MAX = 3;

const CHECK_EVERY_MS = SECOND_MS;
const FILL_RETRY_TICKS = 30;

/** Bytes as people read them. */
export const toMegabytes = (bytes: number): string =>
  `${Math.floor(bytes / MEBIBYTE).toLocaleString('en')} MB`;

/** Returns the free and all bytes of the disk that a folder is on. Rejects if they cannot be read. */
export async function readSpace(folder: string): Promise<{ freeBytes: number; totalBytes: number }> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

/** The free space where the data folder is, as of the last second, and the reserve that is kept for a full disk. */
export type DiskSpace = {
  /** Whether events must be refused, so that the rest of the disk is left for the control database. */
  isLow: () => boolean;
  /** Free bytes; undefined until it is known. */
  freeBytes: () => number | undefined;
  reserveBytes: () => number;
  /**
   * Frees a piece of the reserve after a write failed because the disk is full, and refuses events until the reserve is
   * complete again. Returns false if there is nothing left to free.
   */
  giveUpReserve: () => boolean;
  /** Frees a part of the reserve if less is free than opening the event store needs. Throws if that cannot be read. */
  makeRoomToOpen: () => void;
  /** Returns a sentence while events are refused, undefined otherwise. */
  findProblem: () => string | undefined;
  /** Checks now. Rejects if the free space cannot be read. */
  check: () => Promise<void>;
  /** Fills up the reserve if there is room for it besides what events may use. Rejects if it cannot be written. */
  fillReserve: (signal: AbortSignal) => Promise<void>;
};

type State = { freeBytes: number | undefined; isLow: boolean; hasGivenUp: boolean };

function decideLow({ hasGivenUp, isLow }: State, freeBytes: number): boolean {
  if (hasGivenUp || freeBytes < FREE_BYTES_MIN) return true;
  return isLow && freeBytes < FREE_BYTES_ENOUGH;
}

/** Returns the space of the disk that `dataDir` is on. Nothing is checked, and no reserve created, before `watchDisk`. */
export function createDiskSpace(dataDir: string, log: Log): DiskSpace {
  const reserve = openReserve(dataDir);
  const state: State = { freeBytes: undefined, isLow: false, hasGivenUp: false };

  function update(freeBytes: number): void {
    state.freeBytes = freeBytes;
    if (reserve.sizeBytes() >= RESERVE_BYTES) state.hasGivenUp = false;
    setLow(decideLow(state, freeBytes));
  }

  function setLow(isLow: boolean): void {
    const { freeBytes, isLow: wasLow } = state;
    state.isLow = isLow;
    if (isLow && !wasLow) log.warn({ freeBytes }, 'the disk is nearly full: events are refused with 503');
    if (wasLow && !isLow) log.warn({ freeBytes }, 'the disk has room again: events are stored again');
  }

  function giveUpReserve(): boolean {
    const outcome = reserve.giveUpPiece();
    // The disk is not full then, and refusing events would not help.
    if (outcome === 'failed') return false;
    // What was freed is not for events.
    state.hasGivenUp = true;
    setLow(true);
    if (outcome === 'empty') return false;
    log.warn({ reserveBytes: reserve.sizeBytes() }, 'a part of the disk reserve was freed');
    return true;
  }

  return {
    isLow: () => state.isLow,
    freeBytes: () => state.freeBytes,
    reserveBytes: reserve.sizeBytes,
    giveUpReserve,
    makeRoomToOpen() {
      for (let pieces = 0; pieces < OPEN_PIECES_MAX; pieces += 1) {
        const { bavail, bsize } = statfsSync(dataDir);
        if (bavail * bsize >= OPEN_BYTES_MIN || !giveUpReserve()) return;
      }
    },
    findProblem() {
      if (!state.isLow) return undefined;
      const free = toMegabytes(state.freeBytes ?? 0);
      return `The disk is nearly full (${free} free): events are refused with 503 until ${toMegabytes(FREE_BYTES_ENOUGH)} are free and the reserve is complete. Revoking keys and signing in still work. Free up disk space.`;
    },
    async check() {
      const { freeBytes } = await readSpace(dataDir);
      update(freeBytes);
    },
    async fillReserve(signal) {
      const missing = RESERVE_BYTES - reserve.sizeBytes();
      if (missing <= 0 || (state.freeBytes ?? 0) - missing < FREE_BYTES_ENOUGH) return;
      await reserve.fill(signal);
    },
  };
}

/**
 * Checks the free space every second and fills up the reserve when there is room for it. Returns the function that stops
 * it.
 */
export function watchDisk(disk: DiskSpace, log: Log): () => Promise<void> {
  const stopping = new AbortController();
  let ticksUntilFill = 0;
  let lastProblem: string | undefined;
  const stop = runPeriodically({
    everyMs: CHECK_EVERY_MS,
    async run() {
      await disk.check();
      ticksUntilFill -= 1;
      if (ticksUntilFill > 0) return;
      // Until it succeeds: a reserve that cannot be written (a quota, a read-only folder) must not be tried each second.
      ticksUntilFill = FILL_RETRY_TICKS;
      await disk.fillReserve(stopping.signal);
      ticksUntilFill = 0;
      lastProblem = undefined;
    },
    onError(err) {
      // Once per problem: this repeats every second.
      if (messageOf(err) !== lastProblem) log.error({ err }, 'the free disk space cannot be checked or kept');
      lastProblem = messageOf(err);
    },
  });
  return async () => {
    stopping.abort();
    await stop();
  };
}
