import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { CLI_REQUESTER } from '../../src/api/caller.ts';
import { deleteExpiredRecords } from '../../src/idempotency/cleanup.ts';
import { createKey } from '../../src/keys/create.ts';
import { CLI_GRANTOR } from '../../src/keys/escalation.ts';
import { sendExpiryNotices } from '../../src/keys/expiry-notices.ts';
import { DAY_MS } from '../../src/lib/durations.ts';
import { createProject } from '../../src/projects/create.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeClock, makeConfig, startTestServer } from '../support/harness.ts';

const LOCKED_MS = 300;

/** Does `work` while another process holds the write lock of `dataDir`, and fails unless it waits for the lock. */
async function whileLocked<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  const other = new Database(`${dataDir}/control.db`);
  other.exec('BEGIN IMMEDIATE');
  const working = work();
  const outcome = await Promise.race([
    working.then(
      () => 'done',
      (error: unknown) => `refused: ${String(error)}`,
    ),
    setTimeout(LOCKED_MS, 'waits'),
  ]);
  other.exec('COMMIT');
  other.close();
  assert.equal(outcome, 'waits');
  return working;
}

const clock = makeClock();
const api = await startTestServer({}, { clock });
const { server_key: root } = api.project;

describe('while another process holds the write lock', () => {
  it('a key is still created, once per Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'locked' };
    const body = { name: 'Locked', type: 'server' };
    const create = () => api.call('POST', '/v1/api-keys', { key: root, body, headers });
    const first = await whileLocked(api.config.dataDir, create);
    assert.equal(first.status, 201, first.text);
    clock.advance(15 * 60_000);
    // Now there is a record to delete; the request leaves that to the sweep.
    const late = await whileLocked(api.config.dataDir, create);
    assert.deepEqual([late.status, late.body.key_id], [409, first.body.id]);
    clock.advance(DAY_MS);
    const another = await whileLocked(api.config.dataDir, create);
    assert.equal(another.status, 201, another.text);
    assert.notEqual(another.body.id, first.body.id);
  });
});

describe('in the background, while another process holds the write lock', async () => {
  const config = makeConfig();
  const services = await openControlServices(config, clock);
  cleanUp(() => services.close());
  const project = await createProject(services, 'Locked', CLI_REQUESTER);
  const expires_at = new Date(clock.now() + 40 * DAY_MS).toISOString();
  const body = { name: 'Locked', type: 'server', expires_at } as const;
  const { key } = await createKey(services, project, body, CLI_GRANTOR);
  const [secret] = key.secrets;
  assert.ok(secret);
  const { control, usage } = services;
  const storedHours = () => control.db.selectFrom('key_usage_hours').select('ok').execute();
  const use = () => usage.count(usage.touch({ key, secret }, '10.0.0.1', {}), 'events', 200);

  it('usage is written once, including what is counted meanwhile, and its hours can be read', async () => {
    use();
    await whileLocked(config.dataDir, async () => {
      const flushed = usage.flush();
      use();
      const hours = await usage.listHours(key.id, 0, clock.now() + 1);
      assert.deepEqual([hours.map(({ ok }) => ok), await storedHours()], [[2], []]);
      await flushed;
    });
    assert.deepEqual(await storedHours(), [{ ok: 2 }]);
    assert.equal(usage.find(key.id).requestCount, 2);
  });

  it('an expiry notice is emitted once', async () => {
    clock.advance(11 * DAY_MS);
    const notices = await whileLocked(config.dataDir, () => sendExpiryNotices(services));
    assert.deepEqual(
      notices.map(({ keyId, days }) => [keyId, days]),
      [[key.id, 30]],
    );
    assert.deepEqual(await sendExpiryNotices(services), []);
  });

  it('expired idempotency records are deleted', async () => {
    const call = { body_hash: 'x', made_id: key.id, sealed_answer: 'x' };
    await control.db
      .insertInto('idempotent_calls')
      .values([
        { ...call, intent: 'aged', created_at: clock.now() - 15 * 60_000 },
        { ...call, intent: 'fresh', created_at: clock.now() - 15 * 60_000 + 1 },
        { ...call, intent: 'past', created_at: clock.now() - DAY_MS },
        { ...call, intent: 'known', created_at: clock.now() - DAY_MS + 1 },
      ])
      .execute();
    await whileLocked(config.dataDir, () => deleteExpiredRecords(control, clock.now()));
    const left = await control.db
      .selectFrom('idempotent_calls')
      .select(['intent', 'sealed_answer'])
      .orderBy('intent')
      .execute();
    assert.deepEqual(left, [
      { intent: 'aged', sealed_answer: null },
      { intent: 'fresh', sealed_answer: 'x' },
      { intent: 'known', sealed_answer: null },
    ]);
  });
});
