import { readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { errorCodeOf } from '../lib/errors.ts';
import { accepts } from './encoding/accept-encoding.ts';

/** A file as it is sent: its bytes are shared by all requests for it. */
export type StaticFile = {
  bytes: Buffer;
  contentType: string;
  /** Of the compressed copy that was chosen. */
  encoding: 'br' | 'gzip' | undefined;
  etag: string;
};

/** The files of one folder. */
export type StaticFiles = {
  /**
   * Returns a file, compressed by the build in an encoding that `acceptEncoding` names if there is such a copy; undefined if
   * there is no such file. `name` must not come from a request unchecked.
   */
  find: (name: string, acceptEncoding: string | undefined) => StaticFile | undefined;
};

/** What a build contains. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

const ENCODINGS = [
  { token: 'br', encoding: 'br', suffix: '.br' },
  { token: 'gzip', encoding: 'gzip', suffix: '.gz' },
] as const;

/** Bytes kept in memory. A build is a few MB; more come together only when it is rebuilt again and again. */
const CACHE_BYTES_MAX = 64_000_000;

type Cached = { version: string; bytes: Buffer };

/**
 * Returns the files of `dir`. A file is read when it is first asked for or has changed, and closed again: a reader that
 * stalls occupies neither memory nor an open file.
 */
export function createStaticFiles(dir: string): StaticFiles {
  const cache = new Map<string, Cached>();
  let cachedBytes = 0;

  function read(name: string): Cached | undefined {
    const path = join(dir, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats?.isFile()) return undefined;
    const version = `${stats.size.toString(36)}-${Math.trunc(stats.mtimeMs).toString(36)}`;
    const known = cache.get(name);
    if (known?.version === version) return known;
    if (cachedBytes + stats.size > CACHE_BYTES_MAX) {
      cache.clear();
      cachedBytes = 0;
    }
    const bytes = readIfExists(path);
    if (bytes === undefined) return undefined;
    const cached = { version, bytes };
    cachedBytes += cached.bytes.length - (known?.bytes.length ?? 0);
    cache.set(name, cached);
    return cached;
  }

  return {
    find(name, acceptEncoding = '') {
      const contentType = CONTENT_TYPES[extname(name)] ?? 'application/octet-stream';
      for (const { token, encoding, suffix } of ENCODINGS) {
        const found = accepts(acceptEncoding, token) ? read(`${name}${suffix}`) : undefined;
        if (found) return toFile(found, contentType, encoding);
      }
      const found = read(name);
      return found && toFile(found, contentType, undefined);
    },
  };
}

/** A build may replace the file between two calls. */
function readIfExists(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Weak: it is made from size and time of change (RFC 9110 §8.8.1). */
function toFile(
  { version, bytes }: Cached,
  contentType: string,
  encoding: StaticFile['encoding'],
): StaticFile {
  return { bytes, contentType, encoding, etag: `W/"${version}"` };
}
