import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { RESERVE_BYTES } from '../../src/disk/reserve.ts';
import { compileCache } from '../support/adopt-child.ts';
import { initByCli, runCli } from '../support/child-processes.ts';
import { type ChildServer, startChildServer } from '../support/child-server.ts';
import { makeTempDir, readMetric } from '../support/harness.ts';
import { fillDisk, mountDisk } from '../support/small-disk.ts';
import { listStoredEvents } from '../support/stored-events.ts';
import { until } from '../support/until.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Starts the server the way a user would, and returns its output when it could not start. */
async function failToStart(env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, 'src/main.ts')], {
    env: { PATH: process.env.PATH ?? '', ...compileCache(), UV_THREADPOOL_SIZE: '8', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // If it starts after all.
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  assert.equal(code, 1, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /^[^\n]+\n$/, 'one line');
  return stderr;
}

const eventsOf = (prefix: string) => ({
  events: [1, 2, 3].map((n) => ({ event_id: `${prefix}-${n}`, event_name: 'opened', app_user_id: `u${n}` })),
});

/** Repeats a request until the response has this status, for up to 20 s, and returns every response. */
async function requestUntil(status: number, request: (attempt: number) => ReturnType<ChildServer['call']>) {
  const answers: Awaited<ReturnType<ChildServer['call']>>[] = [];
  const end = performance.now() + 20_000;
  for (let attempt = 0; performance.now() < end; attempt += 1) {
    const answer = await request(attempt);
    answers.push(answer);
    if (answer.status === status) return answers;
    // Free space is read once per second.
    await sleep(20);
  }
  throw new Error(`never ${status}: ${answers.at(-1)?.text}`);
}

it('keeps everything it acknowledged when the disk fills up, and resumes without a restart when there is room', async (t) => {
  const disk = mountDisk('400m');
  const env = { APPFLOW_DATA_DIR: join(disk, 'data'), LOG_LEVEL: 'warn' };
  const project = await initByCli(env);
  const server = await startChildServer(env);
  const acknowledged: string[] = [];
  const sendEvents = async (prefix: string) => {
    const body = eventsOf(prefix);
    const answer = await server.call('POST', '/v1/events', { key: project.client_key, body });
    if (answer.status === 200) acknowledged.push(...body.events.map(({ event_id }) => event_id));
    return answer;
  };
  const makeApp = () =>
    server.call('POST', '/v1/apps', { key: project.server_key, body: { name: 'A', platform: 'ios' } });
  assert.equal((await sendEvents('before')).status, 200);

  const filler = fillDisk(disk);
  const refusals = [
    (await requestUntil(503, (attempt) => sendEvents(`full-${attempt}`))).at(-1),
    (await requestUntil(503, makeApp)).at(-1),
    ...(await Promise.all([sendEvents('full-a'), sendEvents('full-b'), makeApp()])),
  ];
  for (const refusal of refusals) {
    if (refusal === undefined || refusal.status < 300) continue;
    assert.equal(refusal.status, 503, refusal.text);
    assert.match(refusal.body.code, /^(storage_unavailable|disk_nearly_full)$/);
    assert.ok(Number(refusal.headers.get('retry-after')) > 0);
  }
  assert.equal((await server.call('GET', '/healthz')).status, 200);
  assert.equal((await server.call('GET', '/readyz')).body.status, 'degraded');
  const init = await runCli(['init'], { ...env });
  assert.equal(init.code, 1);
  assert.match(init.stderr, /^[^\n]*disk[^\n]*\n$/);
  const log = server.output();
  assert.match(log, /disk is full/, 'the log names the cause');
  assert.doesNotMatch(log, /cannot rollback/);
  assert.ok(
    log.split('"stack"').length - 1 <= 2,
    `a stack for each change of state, not each request:\n${log}`,
  );

  rmSync(filler);
  const answers = await requestUntil(200, () => sendEvents('after'));
  t.diagnostic(`events were accepted again at attempt ${answers.length}`);
  assert.equal((await requestUntil(201, makeApp)).length, 1);
  assert.match(server.output(), /events are stored again/);
  const isStoredOnce = async (from: ChildServer) => {
    const stored = await listStoredEvents(from, project.server_key, project.app_id);
    const ids = new Set(stored.map(({ event_id }) => event_id));
    assert.equal(ids.size, stored.length, 'none is there twice');
    for (const id of acknowledged) assert.ok(ids.has(id), id);
  };
  await isStoredOnce(server);
  assert.equal((await server.stop()).code, 0);
  const again = await startChildServer(env);
  await isStoredOnce(again);
  assert.equal((await again.stop()).code, 0);
});

it('reports a full disk on the first start, and starts once there is room', async () => {
  const disk = mountDisk('400m');
  const env = { APPFLOW_DATA_DIR: join(disk, 'data') };
  const filler = fillDisk(disk);
  assert.match(await failToStart(env), /disk/);
  rmSync(filler);
  const project = await initByCli(env);
  const server = await startChildServer(env);
  const sent = await server.call('POST', '/v1/events', { key: project.client_key, body: eventsOf('first') });
  assert.equal(sent.status, 200, sent.text);
  assert.equal((await server.stop()).code, 0);
});

it('starts again on a full disk and revokes keys there, by request and by command', async () => {
  const disk = mountDisk('400m');
  const env = { APPFLOW_DATA_DIR: join(disk, 'data'), LOG_LEVEL: 'warn' };
  const project = await initByCli(env);
  const server = await startChildServer(env);
  const hasReserve = async () => (await readMetric(server, 'appflow_disk_reserve_bytes')) === RESERVE_BYTES;
  await until('the reserve is complete', hasReserve);
  const body = { name: 'Leaked', type: 'read_only' };
  const other = await server.call('POST', '/v1/api-keys', { key: project.server_key, body });
  fillDisk(disk);
  const killed = once(server.process, 'exit');
  server.process.kill('SIGKILL');
  await killed;
  const again = await startChildServer(env);
  const revoked = await runCli(['keys', 'revoke', other.body.id, '--yes'], env);
  assert.equal(revoked.code, 0, revoked.stderr);
  const refused = await again.call('GET', '/v1/api-keys/self', { key: other.body.key });
  assert.equal(refused.body.code, 'api_key_revoked');
  const own = await again.call('POST', '/v1/api-keys/self/revoke', { key: project.server_key });
  assert.equal(own.status, 204, own.text);
  const self = await again.call('GET', '/v1/api-keys/self', { key: project.server_key });
  assert.equal(self.body.code, 'api_key_revoked');
  assert.equal((await again.stop()).code, 0);
});

it('names a data folder that is read-only, a file, or not writable', async () => {
  const disk = mountDisk('10m');
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  assert.match(await failToStart({ APPFLOW_DATA_DIR: join(disk, 'data') }), /read-only.*use another folder/i);
  const file = join(makeTempDir(), 'file');
  writeFileSync(file, '');
  assert.match(await failToStart({ APPFLOW_DATA_DIR: file }), /is a file\. Use a folder/);
  assert.match(await failToStart({ APPFLOW_DATA_DIR: join(file, 'data') }), /is a file\. Use a folder/);
});

it('names a folder that became read-only after it was used', async () => {
  const disk = mountDisk('160m');
  const env = { APPFLOW_DATA_DIR: join(disk, 'data') };
  await initByCli(env);
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  assert.match(await failToStart(env), /read-only/i);
});

it('names a control database file that is not a database', async () => {
  const dir = makeTempDir();
  const file = join(dir, 'control.db');
  writeFileSync(file, 'no database, but a text that is long enough to be looked at\n'.repeat(50));
  const env = { APPFLOW_DATA_DIR: dir, APPFLOW_SECRET: 'x'.repeat(40) };
  const output = await failToStart(env);
  assert.ok(output.includes(file), output);
  assert.match(output, /is not a SQLite database/);
});

it('creates no new secret when there are stored keys, and says what is missing', async () => {
  const dir = makeTempDir();
  const secret = join(dir, 'secrets', 'appflow-secret');
  await initByCli({ APPFLOW_DATA_DIR: dir });
  writeFileSync(secret, '');
  assert.match(await failToStart({ APPFLOW_DATA_DIR: dir }), /appflow-secret is truncated\. Restore it/);
  rmSync(secret);
  const output = await failToStart({ APPFLOW_DATA_DIR: dir });
  assert.match(output, /secrets\/appflow-secret is missing.*Restore the file/);
  assert.equal(existsSync(secret), false);
});

it('creates nothing other users can read in a data folder they have access to', async () => {
  const dir = makeTempDir();
  chmodSync(dir, 0o755);
  await initByCli({ APPFLOW_DATA_DIR: dir });
  const server = await startChildServer({ APPFLOW_DATA_DIR: dir });
  const modes = readdirSync(dir).map((name) => statSync(join(dir, name)).mode & 0o077);
  await server.stop();
  assert.ok(modes.length > 3);
  assert.deepEqual([...new Set(modes)], [0]);
});

it('names the process that holds the folder, or the port that is taken', async () => {
  const dir = makeTempDir();
  const server = await startChildServer({ APPFLOW_DATA_DIR: dir });
  const output = await failToStart({ APPFLOW_DATA_DIR: dir });
  assert.ok(output.includes(String(server.process.pid)), output);
  assert.match(output, /another Appflow process \(\d+\) is using it\. Stop it, or set APPFLOW_DATA_DIR/);
  const { port } = new URL(server.url);
  const other = await failToStart({ APPFLOW_DATA_DIR: makeTempDir(), PORT: port });
  assert.match(other, new RegExp(`PORT ${port}: another process is using this port\\. Stop it, or set PORT`));
  assert.equal((await server.stop()).code, 0);
});

it('detects a taken port before it touches the data folder', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const address = holder.address();
  assert.ok(address !== null && typeof address === 'object');
  const dir = join(makeTempDir(), 'data');
  await failToStart({ APPFLOW_DATA_DIR: dir, PORT: String(address.port) });
  assert.equal(existsSync(dir), false);
  holder.close();
});

it('responds immediately while another process holds the control database lock, and with 503 to writes after 5 s', async () => {
  const dir = makeTempDir();
  const project = await initByCli({ APPFLOW_DATA_DIR: dir });
  const server = await startChildServer({ APPFLOW_DATA_DIR: dir, LOG_LEVEL: 'warn' });
  const other = new Database(join(dir, 'control.db'));
  other.exec('BEGIN IMMEDIATE');
  const options = { key: project.server_key, body: { name: 'A', platform: 'ios' } };
  const pending = server.call('POST', '/v1/apps', options);
  let isPending = true;
  void pending.finally(() => {
    isPending = false;
  });
  let slowestMs = 0;
  while (isPending) {
    const from = performance.now();
    assert.equal((await server.call('GET', '/healthz')).status, 200);
    slowestMs = Math.max(slowestMs, performance.now() - from);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const refused = await pending;
  assert.equal(refused.status, 503, refused.text);
  assert.equal(refused.body.code, 'storage_unavailable');
  assert.ok(slowestMs < 1_000, `/healthz took ${slowestMs} ms`);
  assert.match(server.output(), /another process holds it locked/);
  other.exec('COMMIT');
  other.close();
  assert.equal((await server.call('POST', '/v1/apps', options)).status, 201);
  assert.equal((await server.stop()).code, 0);
});

/** Ends a process that was started as a group of its own, with all that it has started. */
function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // None of it is left.
  }
}

it("stops when npm's child process is asked to stop: no server stays behind", async (t) => {
  const env = { PATH: process.env.PATH ?? '', HOME: makeTempDir(), PORT: '0', LOG_LEVEL: 'error' };
  const dir = join(env.HOME, 'data');
  mkdirSync(dir);
  const child = spawn('npm', ['start', '--silent'], {
    cwd: ROOT,
    env: { ...env, APPFLOW_DATA_DIR: dir },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // A server that stays behind would keep its output open, and this file from ending.
  t.after(() => endGroup(child));
  const ended = once(child, 'exit');
  let url: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    url = /ready on (\S+)/.exec(line)?.[1];
    if (url) break;
  }
  assert.ok(url);
  child.kill('SIGTERM');
  await ended;
  await until('no server answers', () =>
    fetch(`${url}/healthz`).then(
      () => false,
      () => true,
    ),
  );
});
