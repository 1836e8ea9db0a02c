import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { runCli } from '../support/child-processes.ts';
import { initProject, makeConfig, makeTempDir } from '../support/harness.ts';

/** The result of `appflow doctor`, by check. */
export type Examined = { code: number | null; ok: boolean; byCheck: Map<string, Finding> };

/** Runs `appflow doctor` and returns its result. */
export async function examine(env: Record<string, string>, ...args: string[]): Promise<Examined> {
  const { code, stdout, stderr } = await runCli(['doctor', '--json', ...args], { PORT: '0', ...env });
  assert.equal(stderr, '');
  const { ok, findings }: { ok: boolean; findings: Finding[] } = JSON.parse(stdout);
  return { code, ok, byCheck: new Map(findings.map((finding) => [finding.check, finding])) };
}

/** Changes a closed control database as an attacker would: without the sum that would show it. */
export function changeDatabase<T>(dataDir: string, change: (database: Database.Database) => T): T {
  const database = new Database(join(dataDir, 'control.db'));
  const result = change(database);
  database.close();
  rmSync(join(dataDir, 'control.db-sum'), { force: true });
  return result;
}

/** Returns a data folder with a project, and a function that runs SQL in its control database as an attacker would. */
export async function makeInstallation() {
  const dataDir = makeTempDir();
  await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
  const tamper = (sql: string, rows = 1) => {
    const { changes } = changeDatabase(dataDir, (database) => database.prepare(sql).run());
    assert.equal(changes, rows);
  };
  return { dataDir, env: { APPFLOW_DATA_DIR: dataDir }, tamper };
}

/** Returns the permissions, modification time and content of every file and folder. */
export function snapshot(dataDir: string): Map<string, string> {
  const paths = readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).sort();
  return new Map(
    ['.', ...paths].map((path) => {
      const { mode, mtimeMs, size } = statSync(join(dataDir, path));
      const isFile = statSync(join(dataDir, path)).isFile();
      const content = isFile ? readFileSync(join(dataDir, path), 'base64') : '';
      return [path, JSON.stringify({ mode, mtimeMs, size: isFile ? size : 0, content })];
    }),
  );
}

/** Asserts that only this check failed, with a matching message. */
export function assertFailed({ code, ok, byCheck }: Examined, check: string, message: RegExp): void {
  assert.deepEqual([code, ok], [1, false]);
  assert.equal(byCheck.get(check)?.status, 'failed', JSON.stringify([...byCheck.values()]));
  assert.match(byCheck.get(check)?.message ?? '', message);
  for (const finding of byCheck.values()) assert.ok(finding.status !== 'failed' || finding.check === check);
}
