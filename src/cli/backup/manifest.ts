import { isAbsolute, normalize, posix } from 'node:path';
import { messageOf } from '../../lib/errors.ts';

/** A file of a backup: its size, and its SHA-256 as hex. */
export type FileSum = { bytes: number; sha256: string };

/** How many events an app has on a day (UTC). */
export type DayCount = { project: string; app: string; day: string; events: number };

/** What a backup contains. It is written last: a backup without it is incomplete. */
export type Manifest = {
  format: 1;
  /** The release that made it. */
  appflow: string;
  /** The ID of the installation. */
  storeId: string;
  /** The moment that both stores are from (RFC 3339). */
  at: string;
  events: DayCount[];
  /** What both stores lack according to their own records, as sentences with what to do. */
  problems: string[];
  /** By path within the backup. */
  files: Record<string, FileSum>;
  /** Symbolic links of the event store: where each points to. */
  links: Record<string, string>;
};

export const MANIFEST = 'manifest.json';

/** Beside the files until the manifest is there. */
export const INCOMPLETE = 'incomplete.json';

/** Returns the manifest in a text. Throws an error that says what is wrong with it. */
export function parseManifest(text: string, name: string): Manifest {
  let manifest: Partial<Manifest>;
  try {
    manifest = JSON.parse(text) as Partial<Manifest>;
  } catch (error) {
    throw new Error(`The manifest of ${name} is damaged: ${messageOf(error)}. Use another backup.`);
  }
  if (manifest.format !== 1)
    throw new Error(
      `${name} was made by a newer release of Appflow (${manifest.appflow}). Use that release.`,
    );
  // A manifest from elsewhere must not write outside of the data folder.
  const linked = Object.entries(manifest.links ?? {}).map(([link, to]) =>
    isAbsolute(to) ? to : posix.join(posix.dirname(link), to),
  );
  const paths = [...Object.keys(manifest.files ?? {}), ...Object.keys(manifest.links ?? {}), ...linked];
  for (const path of paths)
    if (!isInside(path))
      throw new Error(`The manifest of ${name} is damaged: ${path} is not a valid backup path.`);
  return manifest as Manifest;
}

const isInside = (path: string): boolean =>
  !isAbsolute(path) &&
  /^(?:control\.db(?:-losses)?$|events\/)/.test(normalize(path)) &&
  normalize(path) === path;

/** Returns the number of events of a backup. */
export const countEvents = ({ events }: Pick<Manifest, 'events'>): number =>
  events.reduce((sum, { events: count }) => sum + count, 0);

/** Returns the size of a backup in bytes. */
export const countBytes = ({ files }: Pick<Manifest, 'files'>): number =>
  Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
