import { randomFillSync } from 'node:crypto';
import { statSync, truncateSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCodeOf } from '../lib/errors.ts';

const MEBIBYTE = 1024 * 1024;

/** Bytes kept in the reserve file. */
export const RESERVE_BYTES = 32 * MEBIBYTE;

/**
 * A piece is far more than what a revocation or a sign-in writes. Piece by piece, because whatever filled the disk may
 * take a freed piece first: then there are others for the next attempts.
 */
const PIECE_BYTES = 2 * MEBIBYTE;
const WRITE_BYTES = MEBIBYTE;

/** A file that only takes up space, so that there is some to free when the disk is full. */
export type Reserve = {
  /** Bytes it has now; 0 if there is none or that cannot be read. */
  sizeBytes: () => number;
  /** Frees a piece of it. Never throws: `failed` means that the disk is broken or read-only. */
  giveUpPiece: () => 'freed' | 'empty' | 'failed';
  /** Fills it up again. Stops early if a piece is given up meanwhile or `signal` is aborted. Rejects when the disk is full. */
  fill: (signal: AbortSignal) => Promise<void>;
};

/** Returns the reserve in the data folder. Creates nothing. */
export function openReserve(dataDir: string): Reserve {
  const file = join(dataDir, 'disk-reserve');
  let piecesGivenUp = 0;

  const readSize = () => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

  function sizeBytes(): number {
    try {
      return readSize();
    } catch {
      return 0;
    }
  }

  function giveUpPiece(): 'freed' | 'empty' | 'failed' {
    piecesGivenUp += 1;
    try {
      const size = readSize();
      if (size === 0) return 'empty';
      truncateSync(file, Math.max(0, size - PIECE_BYTES));
      return 'freed';
    } catch {
      return 'failed';
    }
  }

  async function fill(signal: AbortSignal): Promise<void> {
    const startedAfter = piecesGivenUp;
    const isStopped = () => signal.aborted || piecesGivenUp !== startedAfter;
    // Random bytes: a file system that compresses would store zeros in no space at all.
    const bytes = randomFillSync(Buffer.alloc(WRITE_BYTES));
    await using handle = await openFile(file);
    let { size } = await handle.stat();
    while (size < RESERVE_BYTES && !isStopped()) {
      const length = Math.min(WRITE_BYTES, RESERVE_BYTES - size);
      const { bytesWritten } = await handle.write(bytes, 0, length, size);
      size += bytesWritten;
    }
    if (!isStopped()) await handle.datasync();
  }

  return { sizeBytes, giveUpPiece, fill };
}

/** Opens for writing in place; the mode of a new file is for its owner only. */
async function openFile(file: string) {
  try {
    return await open(file, 'r+');
  } catch (error) {
    if (errorCodeOf(error) !== 'ENOENT') throw error;
    return open(file, 'wx+', 0o600);
  }
}
