import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { createFolders, fixOf } from '../../server/data-dir.ts';
import type { FileIdentity } from './source.ts';
import { TOTALS, type Totals } from './totals.ts';

/** The progress of an import, saved in a small file until the import is finished. */
export type Resume = {
  /** Returns undefined if there is nothing to continue. */
  find: () => Totals | undefined;
  save: (totals: Totals) => void;
  remove: () => void;
};

/** What identifies an import. It includes the key: with another project's key it is another import. */
export type ImportIdentity = {
  url: string;
  appId: string | undefined;
  key: string;
  /** Lines that were rejected for their name would be accepted with it. */
  normalizeNames: boolean;
  /** The product whose export it is, and how it is read; undefined for events of Appflow. */
  from: string | undefined;
  file: FileIdentity;
};

/** Saves nothing: for standard input, which cannot be read again. */
export const NO_RESUME: Resume = { find: () => undefined, save: () => undefined, remove: () => undefined };

const WITHOUT =
  'The import continues. If it is interrupted, the next run starts over; nothing is counted twice.';

/**
 * Returns the progress of this import, saved under `imports/` in the data folder. If it cannot be saved, calls `warn`
 * once and continues: finishing the import matters more than being able to resume it.
 */
export function openResume(
  dataDir: string,
  { url, appId, key, normalizeNames, from, file }: ImportIdentity,
  warn: (sentence: string) => void,
): Resume {
  const folder = join(dataDir, 'imports');
  const name = createHash('sha256')
    .update(
      JSON.stringify([
        ...[url, appId, key, file.path],
        ...(normalizeNames ? ['normalized'] : []),
        ...(from === undefined ? [] : ['from', from]),
      ]),
    )
    .digest('hex');
  const path = join(folder, `${name.slice(0, 32)}.json`);
  let hasWarned = false;

  function attempt(change: () => void): void {
    try {
      change();
    } catch (error) {
      if (!hasWarned) warn(`Warning: progress cannot be saved in ${folder}: ${fixOf(error)} ${WITHOUT}`);
      hasWarned = true;
    }
  }

  return {
    find() {
      const saved = readJson(path);
      // A file that has changed is imported from the start: ids keep that correct, only slower.
      return Value.Check(TOTALS, saved?.totals) && isSameFile(saved?.file, file) ? saved?.totals : undefined;
    },
    save: (totals) =>
      attempt(() => {
        createFolders(folder);
        // Renamed into place: an interruption leaves the old progress or the new one, never half a file.
        writeFileSync(`${path}.new`, JSON.stringify({ file, totals }), { mode: 0o600 });
        renameSync(`${path}.new`, path);
      }),
    remove: () => attempt(() => rmSync(path, { force: true })),
  };
}

function readJson(path: string): Partial<{ file: FileIdentity; totals: Totals }> | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Partial<{ file: FileIdentity; totals: Totals }>;
  } catch {
    return undefined;
  }
}

function isSameFile(saved: FileIdentity | undefined, file: FileIdentity): boolean {
  return (
    saved?.path === file.path &&
    saved.size === file.size &&
    saved.modifiedMs === file.modifiedMs &&
    saved.head === file.head
  );
}
