import { resolve } from 'node:path';
import { UsageError } from '../terminal/usage-error.ts';
import type { BackupPlace } from './backup-place.ts';
import { openFolder } from './folder-place.ts';

/** Returns the backups in a place as it is written on the command line. Throws UsageError if it is neither a folder nor a bucket. */
export function openPlace(place: string): BackupPlace {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(place))
    throw new UsageError(
      `${place} is a URL. Back up to a folder, and copy it there with a tool such as rclone.`,
    );
  return openFolder(resolve(place));
}
