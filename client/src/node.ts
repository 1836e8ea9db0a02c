import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AppflowStorage } from './storage.ts';

/**
 * Returns a storage that keeps each item in a file of `folder`, which is made when needed: for trackers in Node, Deno and
 * Bun. A file is written aside and renamed, so a process that is killed leaves the former one or the new one, whole.
 * @example
 * ```ts
 * import { Appflow } from '@appflow/client';
 * import { createFileStorage } from '@appflow/client/node';
 *
 * const storage = createFileStorage('./appflow-queue');
 * const appflow = new Appflow({ apiKey: 'ck_af1_…', baseUrl: 'http://127.0.0.1:8080', appId: 'app_…', storage });
 * appflow.track('job_done');
 * await appflow.shutdown();
 * ```
 */
export function createFileStorage(folder: string): AppflowStorage {
  const fileOf = (key: string) => join(folder, `${encodeURIComponent(key)}.json`);
  return {
    async getItem(key) {
      try {
        return await readFile(fileOf(key), 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
        throw error;
      }
    },
    async setItem(key, value) {
      const file = fileOf(key);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(`${file}.new`, value);
      await rename(`${file}.new`, file);
    },
    async removeItem(key) {
      await rm(fileOf(key), { force: true });
    },
  };
}
