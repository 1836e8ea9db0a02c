import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { makeTempDir } from '../../test/support/harness.ts';
import { until } from '../../test/support/until.ts';
import { systemClock } from '../lib/clock.ts';
import { openLog } from '../lib/log.ts';
import { openSqliteControl } from './open-sqlite.ts';
import { startPageCheck } from './page-check.ts';

async function createDatabase(): Promise<string> {
  const file = join(makeTempDir(), 'control.db');
  await (await openSqliteControl(file, systemClock())).close();
  return file;
}

const PAGE_BYTES = 4_096;
/** The processes that this one has started (proc(5)). */
const CHILDREN = `/proc/self/task/${process.pid}/children`;

it('reports a damaged page and nothing for an intact database, and says why it could not check', async () => {
  const intact = await createDatabase();
  const damaged = `${intact}-damaged`;
  copyFileSync(intact, damaged);
  writeSync(openSync(damaged, 'r+'), Buffer.alloc(PAGE_BYTES, 0xff), 0, PAGE_BYTES, 5 * PAGE_BYTES);
  const lines: string[] = [];
  const log = openLog('warn', (text) => text, { write: (line) => lines.push(line) });
  const checks = [intact, damaged, `${intact}-missing`].map((file) => startPageCheck(file, log));
  await until('both are reported', () => lines.length >= 2);
  assert.deepEqual(checks[0]?.listProblems(), []);
  assert.match(checks[1]?.listProblems().join() ?? '', /damaged \(.*\)\. Stop the server and restore/);
  assert.deepEqual(checks[2]?.listProblems(), []);
  assert.match(lines.join(''), /ENOENT.*could not be checked/);
  for (const check of checks) await check.stop();
});

it('ends immediately when it is stopped before it is done', async () => {
  const check = startPageCheck(await createDatabase(), openLog('silent'));
  await check.stop();
  await check.stop();
  assert.deepEqual(check.listProblems(), []);
});

it('reports a check that ends early', { skip: !existsSync(CHILDREN) }, async () => {
  const lines: string[] = [];
  const log = openLog('warn', (text) => text, { write: (line) => lines.push(line) });
  const file = join(makeTempDir(), 'control.db');
  // Reading it never ends.
  execFileSync('mkfifo', [file]);
  const check = startPageCheck(file, log);
  process.kill(Number(readFileSync(CHILDREN, 'utf8')), 'SIGKILL');
  await until('it is reported', () => lines.length > 0);
  assert.match(lines.join(''), /could not be checked: the process that reads it ended early/);
  await check.stop();
});
