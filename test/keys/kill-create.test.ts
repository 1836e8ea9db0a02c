import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { it } from 'node:test';
import Database from 'better-sqlite3';
import { startServerProcess } from '../support/child-processes.ts';
import { initProject, LIMITS_OFF, makeConfig } from '../support/harness.ts';

const DYING_SERVER = join(import.meta.dirname, 'dying-server.ts');
const HEADERS = { 'idempotency-key': 'order-4711' };
const BODY = { name: 'Survivor', type: 'server' };

function countKeys(dataDir: string): unknown {
  const database = new Database(join(dataDir, 'control.db'), { readonly: true });
  const count = database.prepare('SELECT count(*) FROM api_keys WHERE name = ?').pluck().get(BODY.name);
  database.close();
  return count;
}

for (const [dies, stored] of [
  ['before_answer', 1],
  ['before_commit', 0],
] as const) {
  it(`creates one key and replays its response after kill -9 during the request (${dies})`, async () => {
    const { dataDir } = makeConfig();
    const project = await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
    const env = { ...LIMITS_OFF, APPFLOW_DATA_DIR: dataDir };
    const request = { key: project.server_key, body: BODY, headers: HEADERS };
    {
      await using dying = await startServerProcess({ ...env, DIES: dies }, [], DYING_SERVER);
      const exited = once(dying.child, 'exit');
      await assert.rejects(dying.call('POST', '/v1/api-keys', request), TypeError, 'no response was sent');
      assert.deepEqual(await exited, [null, 'SIGKILL']);
    }
    assert.equal(countKeys(dataDir), stored, 'it died where it was to die');
    await using server = await startServerProcess(env);
    const first = await server.call('POST', '/v1/api-keys', request);
    assert.equal(first.status, 201, first.text);
    const again = await server.call('POST', '/v1/api-keys', request);
    assert.deepEqual([again.status, again.text], [201, first.text]);
    assert.equal(countKeys(dataDir), 1);
    const self = await server.call('GET', '/v1/api-keys/self', { key: first.body.key });
    assert.deepEqual([self.status, self.body.id], [200, first.body.id]);
    assert.equal(await server.stop(), 0);
  });
}
