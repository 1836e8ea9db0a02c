import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';

/** A larger file is not summed: a start would take noticeably longer. */
const SUMMED_BYTES_MAX = 64 * 1024 * 1024;

const sumFile = (file: string) => `${file}-sum`;
const isInUse = (file: string) => existsSync(`${file}-wal`);

/**
 * Returns whether a closed database is not what `writeSum` saw. SQLite has no checksums of its own for pages, so it would
 * not notice a changed value. Call it before opening the database. Changes nothing.
 */
export function isChanged(file: string): boolean {
  if (isInUse(file) || !existsSync(sumFile(file)) || !existsSync(file)) return false;
  const isSame = readFileSync(sumFile(file), 'utf8').trim() === sumOf(file);
  // Another process that opened it meanwhile has removed the sum before it wrote anything.
  return !isSame && !isInUse(file) && existsSync(sumFile(file));
}

/** Removes the sum of a database that is open now and is about to change. */
export function removeSum(file: string): void {
  rmSync(sumFile(file), { force: true });
}

/** Writes the sum of a database if no process has it open any more. Does nothing if the disk is full. */
export function writeSum(file: string): void {
  const draft = `${sumFile(file)}.${process.pid}`;
  try {
    if (isInUse(file) || !existsSync(file) || statSync(file).size > SUMMED_BYTES_MAX) return;
    writeSynced(draft, `${sumOf(file)}\n`);
    renameSync(draft, sumFile(file));
    // A process that opened it since looked for the sum too early, and may be writing already.
    if (isInUse(file)) removeSum(file);
  } catch {
    rmSync(draft, { force: true });
    removeSum(file);
  }
}

function sumOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function writeSynced(file: string, text: string): void {
  const handle = openSync(file, 'w', 0o600);
  try {
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
