import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { initByCli, runCli, startServerProcess } from '../support/child-processes.ts';
import { makeTempDir } from '../support/harness.ts';

async function send(env: Record<string, string>, key: string, prefix: string): Promise<void> {
  await using server = await startServerProcess(env);
  const events = [1, 2, 3].map((n) => ({
    event_id: `${prefix}${n}`,
    event_name: 'opened',
    app_user_id: 'u1',
  }));
  const { status, text } = await server.call('POST', '/v1/events', { key, body: { events } });
  assert.equal(status, 200, text);
  assert.equal(await server.stop(), 0);
}

/** Revokes a key by its own secret, while nothing else happens. */
async function revoke(env: Record<string, string>, key: string): Promise<void> {
  await using server = await startServerProcess(env);
  const { status, text } = await server.call('POST', '/v1/api-keys/self/revoke', { key });
  assert.equal(status, 204, text);
  assert.equal(await server.stop(), 0);
}

async function readWarnings(env: Record<string, string>): Promise<string> {
  await using server = await startServerProcess(env);
  const { body, text } = await server.call('GET', '/readyz');
  assert.doesNotMatch(text, /\/tmp\//, 'no folders: it needs no key');
  assert.equal(await server.stop(), 0);
  return (body.warnings ?? []).join();
}

describe('an older part of a data folder beside the rest of it', () => {
  it('is noticed by doctor and at the start if it is the event store, until that is accepted', async () => {
    const dataDir = makeTempDir();
    const env = { APPFLOW_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'fatal' };
    const { client_key: key } = await initByCli(env);
    await send(env, key, 'old');
    const [folder, copy] = [join(dataDir, 'events'), join(makeTempDir(), 'events')];
    cpSync(folder, copy, { recursive: true });
    await send(env, key, 'new');
    rmSync(folder, { recursive: true });
    cpSync(copy, folder, { recursive: true });
    const found = await runCli(['doctor'], env);
    assert.equal(found.code, 1);
    assert.match(found.stdout, /3 stored events are lost/);
    assert.match(await readWarnings(env), /3 stored events are lost/);
    assert.equal((await runCli(['doctor', '--accept-loss'], env)).code, 0);
    assert.equal(await readWarnings(env), '');
    assert.equal((await runCli(['doctor'], env)).code, 0);
  });

  it('is noticed in the same way if it is the control database with its checksum: revoked keys work again', async () => {
    const dataDir = makeTempDir();
    const env = { APPFLOW_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'fatal' };
    const { client_key: key, server_key } = await initByCli(env);
    await send(env, key, 'old');
    const file = join(dataDir, 'control.db');
    const copy = join(makeTempDir(), 'control.db');
    for (const end of ['', '-sum']) cpSync(file + end, copy + end);
    await revoke(env, server_key);
    for (const end of ['', '-sum']) cpSync(copy + end, file + end);
    const found = await runCli(['doctor'], env);
    assert.equal(found.code, 1);
    assert.match(found.stdout, /FAILED +stores: \S+control\.db is older than .* revoked/);
    assert.match(await readWarnings(env), /control\.db is older than/);
    assert.match((await runCli(['doctor'], env)).stdout, /control\.db is older than/);
    assert.equal((await runCli(['doctor', '--accept-loss'], env)).code, 0);
    assert.equal(await readWarnings(env), '');
    assert.equal((await runCli(['doctor'], env)).code, 0);
  });

  it('is noticed by doctor, which refuses what the start refuses, if it is an empty control database', async () => {
    const dataDir = makeTempDir();
    const env = { APPFLOW_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'fatal' };
    const { client_key: key } = await initByCli(env);
    await send(env, key, 'kept');
    const file = join(dataDir, 'control.db');
    // What a database is before its first checkpoint: one page, all else was in the log.
    for (const end of ['', '-sum', '-wal', '-shm']) rmSync(file + end, { force: true });
    const empty = new Database(file);
    empty.pragma('journal_mode = WAL');
    empty.close();
    const { code, stdout } = await runCli(['doctor'], env);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /FAILED +stores: \S+control\.db is not the one/);
  });
});
