import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanUp } from './clean-up.ts';

/** Mounts a separate in-memory disk. Needs root: a test that cannot mount fails instead of being skipped. */
export function mountDisk(size: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'appflow-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir]);
  cleanUp(() => {
    execFileSync('umount', ['--lazy', dir]);
    rmSync(dir, { recursive: true, force: true });
  });
  return dir;
}

/** Fills a disk to its last byte and returns the file to remove. */
export function fillDisk(dir: string): string {
  const file = join(dir, 'filler');
  for (const bytes of [8_000_000, 1_000_000, 4_096, 1]) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(bytes, 1));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
    }
  }
  return file;
}

/** Fills a disk until `freeBytes` are left, give or take a few, and returns the file to remove. */
export function fillDiskUntil(dir: string, freeBytes: number): string {
  const file = join(dir, 'filler');
  execFileSync('fallocate', ['-l', String(freeBytesOf(dir) - freeBytes), file]);
  return file;
}

/** Returns the free bytes of the disk that `dir` is on. */
export function freeBytesOf(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}
