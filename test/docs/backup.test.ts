import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, matchesGlob, relative } from 'node:path';
import { it } from 'node:test';
import { MANIFEST, type Manifest } from '../../src/cli/backup/manifest.ts';
import { errorCodeOf } from '../../src/lib/errors.ts';
import { backUp } from '../cli/backup-runs.ts';
import { envOf, type MoveSource } from '../cli/move-source.ts';
import { initByCli, startServerProcess } from '../support/child-processes.ts';
import { makeTempDir } from '../support/harness.ts';

const GUIDE = readFileSync(join(import.meta.dirname, '../../docs/guides/backup.md'), 'utf8');

type Row = { patterns: string[]; isSaved: boolean };

/** The rows of the table of files. */
const ROWS: readonly Row[] = [...GUIDE.matchAll(/^\| (`[^|]+`) \|[^|]+\| ([^|]+) \|/gm)].map(
  ([, files = '', saved]) => ({
    patterns: [...files.matchAll(/`([^`]+)`/g)].map(([, pattern = '']) => pattern),
    isSaved: saved === 'yes',
  }),
);

const findRow = (path: string): Row | undefined =>
  ROWS.find(({ patterns }) => patterns.some((pattern) => matchesGlob(path, pattern)));

/** Lists again if a folder disappears meanwhile: a running server merges parts. */
function listFiles(folder: string): string[] {
  try {
    return readFiles(folder);
  } catch (error) {
    if (errorCodeOf(error) !== 'ENOENT') throw error;
    return listFiles(folder);
  }
}

function readFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
}

it('the table of the guide names every file of a data folder, and says which are in a backup', async () => {
  const source: MoveSource = { dataDir: makeTempDir(), key: '', revoked: '', appId: '', projectId: '' };
  const { server_key: key, app_id } = await initByCli(envOf(source));
  await using server = await startServerProcess(envOf(source));
  const event = { event_id: 'one', event_name: 'open', app_user_id: 'someone' };
  await server.call('POST', '/v1/events', { key, body: { app_id, events: [event] } });
  const running = listFiles(source.dataDir);
  const { backup } = await backUp(source, makeTempDir());
  await server.stop();
  const found = [...running, ...listFiles(source.dataDir)];
  assert.deepEqual(
    found.filter((path) => findRow(path) === undefined),
    [],
  );
  const { files, links } = JSON.parse(readFileSync(join(backup, MANIFEST), 'utf8')) as Manifest;
  const saved = [...Object.keys(files), ...Object.keys(links)];
  assert.deepEqual(
    saved.filter((path) => !findRow(path)?.isSaved),
    [],
  );
  const missing = ROWS.filter(
    (row) =>
      row.isSaved &&
      found.some((path) => findRow(path) === row) &&
      !saved.some((path) => findRow(path) === row),
  );
  assert.deepEqual(missing, []);
});
