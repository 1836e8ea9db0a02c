import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { initByCli } from '../support/child-processes.ts';
import { startChildServer } from '../support/child-server.ts';
import { makeTempDir } from '../support/harness.ts';

/** Process managers kill a server after 10 s; the server gives itself this long. */
const STOP_MS_MAX = 9_500;

it('stops in time and logs the revocation that is lost while another process holds the control database', async () => {
  const dataDir = makeTempDir();
  const env = { APPFLOW_DATA_DIR: dataDir, LOG_LEVEL: 'warn' };
  const { server_key: key } = await initByCli(env);
  const server = await startChildServer(env);
  const other = new Database(join(dataDir, 'control.db'));
  other.exec('BEGIN IMMEDIATE');
  const refused = await server.call('POST', '/v1/api-keys/self/revoke', { key });
  assert.equal(refused.body.code, 'revocation_not_stored');
  const stopped = server.stop();
  await setTimeout(1_000);
  assert.match(server.output(), /the server stops while a revocation is not stored/, 'logged immediately');
  const { code, ms } = await stopped;
  other.exec('ROLLBACK');
  other.close();
  assert.equal(code, 0, server.output());
  assert.ok(ms < STOP_MS_MAX, `it took ${ms} ms`);
  assert.match(server.output(), /was not stored and is lost: revoke the key again/);
});
