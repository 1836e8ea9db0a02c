import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The file the engine locks while it has a folder open. */
export const LOCK_FILE = 'status';

/**
 * Returns the id of another process that holds the event store's folder, where Linux reports it (/proc/locks);
 * undefined when there is none or it cannot be determined. Checked first, because the engine prints its own lines
 * when it fails to open.
 */
export async function findLockHolder(folder: string): Promise<number | undefined> {
  try {
    const { dev, ino } = await stat(join(folder, LOCK_FILE));
    const locks = await readFile('/proc/locks', 'utf8');
    const lock = locks
      .split('\n')
      .find((line) => line.includes('FLOCK') && line.includes(lockIdOf(dev, ino)));
    const pid = Number(/ WRITE +(\d+) /.exec(lock ?? '')?.[1]);
    return pid > 0 && pid !== process.pid ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** `08:01:1234 `: device numbers as at least two hexadecimal digits each, as proc(5) writes them, then the inode. */
function lockIdOf(dev: number, ino: number): string {
  const hex = (number: number) => number.toString(16).padStart(2, '0');
  // The bit layout of Linux's dev_t, see makedev(3).
  const major = (dev >> 8) & 0xfff;
  const minor = (dev & 0xff) | ((dev >> 12) & 0xfff00);
  return ` ${hex(major)}:${hex(minor)}:${ino} `;
}
