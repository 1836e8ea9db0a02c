import { createHash } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCodeOf } from '../../lib/errors.ts';

/** Returns the SHA-256 of some content, as hex. */
export function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * Replaces a file by `value` as JSON below a checksum. It is complete and on disk when the promise resolves; a crash
 * leaves the previous content. Rejects with the system's error. Where several processes write it, each needs a `draft` of
 * its own.
 */
export async function writeSealedFile(file: string, value: unknown, draft = `${file}.draft`): Promise<void> {
  const body = JSON.stringify(value);
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(`${hashOf(body)}\n${body}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  const folder = await open(dirname(file));
  await folder.sync().finally(() => folder.close());
}

/** Returns the value in a file of `writeSealedFile`; `missing` or `damaged` if there is none to trust. */
export async function readSealedFile(file: string): Promise<{ value: unknown } | 'missing' | 'damaged'> {
  try {
    const [checksum, body = ''] = (await readFile(file, 'utf8')).split('\n');
    return checksum === hashOf(body) ? { value: JSON.parse(body) } : 'damaged';
  } catch (error) {
    return errorCodeOf(error) === 'ENOENT' ? 'missing' : 'damaged';
  }
}
