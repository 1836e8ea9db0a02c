import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { FUZZES } from '../api/fuzz-requests.ts';
import { startChildServer } from '../support/child-server.ts';
import { initProject, makeConfig, makeTempDir } from '../support/harness.ts';

const TOTAL_MS = 20_000;
/** Far above what the engine and a full write queue need, far below what a leak reaches in a minute. */
const MEMORY_MB_MAX = 1_500;

const dataDir = makeTempDir();
const project = await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
const server = await startChildServer({ APPFLOW_DATA_DIR: dataDir });
const keys = [project.server_key, project.client_key, project.read_only_key];

const memoryMb = () => {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
};

describe('no answer is a 5xx or exposes internal details in a third of a minute of random', () => {
  for (const { name, run } of FUZZES) {
    it(name, () => run(server, keys, TOTAL_MS / FUZZES.length));
  }
});

it('still works afterwards, without having grown in memory', async (t) => {
  assert.equal((await server.call('GET', '/readyz')).body.status, 'ok');
  t.diagnostic(`${memoryMb().toFixed(0)} MB resident`);
  assert.ok(memoryMb() < MEMORY_MB_MAX);
  assert.equal((await server.stop()).code, 0);
  const errors = server
    .output()
    .split('\n')
    .filter((line) => line.includes('"level":50'));
  assert.deepEqual(errors, []);
});
