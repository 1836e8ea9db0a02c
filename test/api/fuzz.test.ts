import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startChildServer } from '../support/child-server.ts';
import { initProject, makeConfig, makeTempDir } from '../support/harness.ts';
import { FUZZES } from './fuzz-requests.ts';

const TOTAL_MS = 15_000;

const dataDir = makeTempDir();
const project = await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
const server = await startChildServer({ APPFLOW_DATA_DIR: dataDir });
const keys = [project.server_key, project.client_key, project.read_only_key];

describe('fuzzing', () => {
  for (const { name, run } of FUZZES) {
    it(`returns no 5xx and reveals no internals for random ${name}`, () =>
      run(server, keys, TOTAL_MS / FUZZES.length));
  }
});

it('is still healthy after fuzzing and has logged no errors', async () => {
  assert.equal((await server.call('GET', '/readyz')).body.status, 'ok');
  const events = [{ event_name: 'opened', app_user_id: 'u1' }];
  const sent = await server.call('POST', '/v1/events', {
    key: project.client_key,
    body: { app_id: project.app_id, events },
  });
  assert.equal(sent.body.accepted, 1, sent.text);
  assert.equal((await server.stop()).code, 0);
  const errors = server
    .output()
    .split('\n')
    .filter((line) => line.includes('"level":50'));
  assert.deepEqual(errors, []);
});
