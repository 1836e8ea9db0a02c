import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { cureOf } from '../../data-dir.ts';
import type { FileIdentity } from './source.ts';
import { TOTALS, type Totals } from './totals.ts';

/** How far an import came, kept in a small file until it is finished. */
export type Resume = {
  /** Undefined when there is nothing to continue. */
  find: () => Totals | undefined;
  save: (totals: Totals) => void;
  remove: () => void;
};

/** What makes two imports the same one. The key is part of it: with another project's key it is another import. */
export type ImportIdentity = { url: string; appId: string | undefined; key: string; file: FileIdentity };

/** Nothing is kept: for standard input. */
export const NO_RESUME: Resume = { find: () => undefined, save: () => undefined, remove: () => undefined };

const WITHOUT = 'The import goes on; if it is interrupted, the next one sends all again, which counts once.';

/**
 * Returns the progress of this import, kept under `imports/` in the data folder. Where it cannot be kept, `warn` is
 * told so once: the import is worth more than its progress, and goes on without.
 */
export function openResume(
  dataDir: string,
  { url, appId, key, file }: ImportIdentity,
  warn: (sentence: string) => void,
): Resume {
  const folder = join(dataDir, 'imports');
  const name = createHash('sha256')
    .update(JSON.stringify([url, appId, key, file.path]))
    .digest('hex');
  const path = join(folder, `${name.slice(0, 32)}.json`);
  let hasWarned = false;

  function attempt(change: () => void): void {
    try {
      change();
    } catch (error) {
      if (!hasWarned) warn(`Warning: no progress can be kept in ${folder}: ${cureOf(error)} ${WITHOUT}`);
      hasWarned = true;
    }
  }

  return {
    find() {
      const saved = readJson(path);
      // A file that changed since is begun anew: ids make that right, only slower.
      return Value.Check(TOTALS, saved?.totals) && isSameFile(saved?.file, file) ? saved?.totals : undefined;
    },
    save: (totals) =>
      attempt(() => {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        // Renamed into place: an interruption leaves the former progress or this one, never half a file.
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
