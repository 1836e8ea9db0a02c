import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { initByCli, type ServerProcess, startServerProcess } from '../support/child-processes.ts';
import { LIMITS_OFF, makeTempDir } from '../support/harness.ts';
import { until } from '../support/until.ts';

const SERVER = join(import.meta.dirname, 'impatient-server.ts');

/** A disk that does not answer. `thaw` ends that, at the latest when the `await using` scope ends. */
type FrozenDisk = AsyncDisposable & { thaw: () => Promise<void> };

/** Makes the disk stop answering: no sync of the process returns any more. */
async function freezeDisk(pid: number | undefined): Promise<FrozenDisk> {
  const calls = 'fsync,fdatasync';
  const args = ['-f', '-p', String(pid), '-o', '/dev/null', '-e', `trace=${calls}`];
  const tracer = spawn('strace', [...args, '-e', `inject=${calls}:delay_enter=600000000`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(tracer, 'exit');
  let said = '';
  tracer.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const thaw = async () => {
    tracer.kill('SIGINT');
    await ended;
  };
  try {
    await until('the process is traced', () => {
      assert.equal(tracer.exitCode, null, said);
      return said.includes('attached');
    });
  } catch (error) {
    await thaw();
    throw error;
  }
  return { thaw, [Symbol.asyncDispose]: thaw };
}

async function makeFolder() {
  const env = { APPFLOW_DATA_DIR: makeTempDir(), ...LIMITS_OFF };
  const { client_key: key } = await initByCli(env);
  const send = (server: ServerProcess, id: string) => {
    const events = [{ event_id: id, event_name: 'opened', app_user_id: 'u1' }];
    return server.call('POST', '/v1/events', { key, body: { events } });
  };
  return { start: () => startServerProcess(env, [], SERVER), send };
}

const readStatus = async (server: ServerProcess) => (await server.call('GET', '/readyz')).body.status;

async function readStatementSeconds(server: ServerProcess): Promise<number> {
  const { text } = await server.call('GET', '/metrics');
  return Number(/^appflow_writer_statement_seconds (\S+)$/m.exec(text)?.[1]);
}

test('a statement without an answer is reported and its callers get 503, until it is answered', async () => {
  const { start, send } = await makeFolder();
  await using server = await start();
  assert.equal((await send(server, 'before')).status, 200);
  await using disk = await freezeDisk(server.child.pid);
  const late = await send(server, 'late');
  assert.equal(late.status, 503, late.text);
  assert.equal(late.body.code, 'storage_unavailable');
  const refusedAt = performance.now();
  assert.equal((await send(server, 'refused')).status, 503);
  // Its own wait would be 2 s.
  assert.ok(performance.now() - refusedAt < 2_000, 'refused without a wait of its own');
  assert.equal(await readStatus(server), 'degraded');
  assert.ok((await readStatementSeconds(server)) >= 1);
  await disk.thaw();
  await until('events are stored', async () => (await send(server, 'after')).status === 200);
  const again = await send(server, 'late');
  assert.equal(again.body.duplicates, 1, 'it was stored after all');
  await until('the server is ready', async () => (await readStatus(server)) === 'ok');
  assert.equal(await readStatementSeconds(server), 0);
});

test('an engine that stays stuck ends the process with a line in the log, and no acknowledged event is lost', async () => {
  const { start, send } = await makeFolder();
  await using server = await start();
  const exited = once(server.child, 'exit');
  let log = '';
  server.child.stderr?.on('data', (chunk) => {
    log += chunk;
  });
  assert.equal((await send(server, 'before')).status, 200);
  await using disk = await freezeDisk(server.child.pid);
  assert.equal((await send(server, 'late')).status, 503);
  const lastLine = /"level":60,[^\n]*"the event store has stopped answering: [^\n]*supervisor/;
  await until('the log says why', () => lastLine.test(log));
  // The signal is on its way, but a process that is traced ends only when its tracer lets it.
  await disk.thaw();
  assert.deepEqual(await exited, [null, 'SIGKILL']);
  await using again = await start();
  assert.equal((await send(again, 'before')).body.duplicates, 1);
  assert.equal((await send(again, 'late')).status, 200);
});
