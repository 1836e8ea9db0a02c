import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type CommandResult, runCli, startServerProcess } from '../support/child-processes.ts';
import { makeTempDir } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';

const FIXTURE = join(import.meta.dirname, '../fixtures/data-folder-2026-11.tar.gz');
/** What its server was started with. */
const SECRET = { APPFLOW_SECRET: 'fixture-secret-of-an-older-release-0123' };

/** Returns a data folder that a release from before persons, rollups and erasure made: 20 days with 5 to 8 users and as many events. */
export function unpackOlder(): { dataDir: string; env: Record<string, string> } {
  const dataDir = makeTempDir();
  execFileSync('tar', ['-xzf', FIXTURE, '-C', dataDir]);
  return { dataDir, env: { ...SECRET, APPFLOW_DATA_DIR: dataDir, LOG_LEVEL: 'error' } };
}

/** Returns the names in `snapshots/`. */
export const listSnapshots = (dataDir: string): string[] =>
  existsSync(join(dataDir, 'snapshots')) ? readdirSync(join(dataDir, 'snapshots')) : [];

/** Returns what a folder's control database was migrated with. */
export function listMigrations(folder: string): string[] {
  const database = new Database(readFileSync(join(folder, 'control.db')).fill(1, 18, 20));
  const names = database.prepare('SELECT name FROM schema_migrations ORDER BY name').pluck().all();
  database.close();
  return names.map(String);
}

/** Upgrades a folder by a start, and returns its app and a new key. */
export async function upgrade(env: Record<string, string>): Promise<{ key: string; appId: string }> {
  await using server = await startServerProcess(env);
  const created = await createKey(env);
  assert.equal(created.code, 0, created.stderr);
  const { key } = JSON.parse(created.stdout);
  trackSecrets(key);
  const { body } = await server.call('GET', '/v1/apps', { key });
  assert.equal(await server.stop(), 0);
  return { key, appId: body.data[0].id };
}

/** Creates a key with this release, which migrates an older folder. */
export const createKey = (env: Record<string, string>): Promise<CommandResult> =>
  runCli(['keys', 'create', '--name', 'New', '--type', 'server', '--json'], env);
