import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { initByCli, runCli, startServerProcess } from '../support/child-processes.ts';
import { startFront } from '../support/clickhouse-front.ts';
import { makeTempDir } from '../support/harness.ts';
import { makeDatabase, runOnServer } from '../support/postgres.ts';
import {
  copySource,
  envOf,
  hashFiles,
  makeMoveSource,
  readAnswers,
  runMove,
  runOnFront,
  startMove,
  untilSaid,
} from './move-source.ts';

const template = await makeMoveSource();
const makeTarget = () => ({ DATABASE_URL: makeDatabase(), CLICKHOUSE_URL: startFront() });

describe('appflow move', () => {
  it('moves everything, without changing the source: each answer is the same, and an old key works', async () => {
    const [source, target] = [copySource(template), makeTarget()];
    await using before = await startServerProcess(envOf(source));
    const answers = await readAnswers(before, source);
    assert.equal(await before.stop(), 0);
    const files = hashFiles(source);
    const { code, stdout, stderr } = await runMove(source, target);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^events +all +([\d,]+) +\1 +same$/m);
    assert.doesNotMatch(stdout, /DIFFERENT/);
    assert.deepEqual(hashFiles(source), files);
    assert.ok(!existsSync(join(source.dataDir, 'moving')));
    await using after = await startServerProcess(envOf(source, target));
    assert.deepEqual(await readAnswers(after, source), answers);
    const call = (key: string) => after.call('GET', '/v1/api-keys/self', { key });
    assert.deepEqual([(await call(source.key)).status, (await call(source.revoked)).status], [200, 401]);
    const doctor = await runCli(['doctor'], { ...envOf(source, target), PORT: new URL(after.url).port });
    assert.equal(doctor.code, 0, doctor.stdout);
    assert.equal((await runCli(['doctor'], envOf(source))).code, 1, 'without the variables');
  });

  it('copies while the server runs, waits until it is stopped, and copies what was stored meanwhile', async () => {
    const [source, target] = [copySource(template), makeTarget()];
    const { key, appId: app_id } = source;
    await using server = await startServerProcess(envOf(source));
    // An app with many users is compared again in parts.
    for (let batch = 0; batch < 12; batch += 1) {
      const many = Array.from({ length: 100 }, (_, index) => ({
        event_id: `early-${batch}-${index}`,
        event_name: 'early',
        app_user_id: `early-${batch}-${index}`,
      }));
      const sent = await server.call('POST', '/v1/events', { key, body: { app_id, events: many } });
      assert.equal(sent.body.accepted, 100, sent.text);
    }
    const move = startMove(source, target);
    let isSending = true;
    const sending = (async () => {
      for (let batch = 0; isSending; batch += 1) {
        const many = Array.from({ length: 100 }, (_, index) => ({
          ...{ event_id: `busy-${batch}-${index}`, event_name: 'busy', app_user_id: `busy-${index}` },
          timestamp: new Date(Date.UTC(2026, 0, 1) + batch * 60_000).toISOString(),
        }));
        await server.call('POST', '/v1/events', { key, body: { app_id, events: many } });
      }
    })();
    await untilSaid(move, /Stop the server now/);
    isSending = false;
    await sending;
    const events = [1, 2, 3].map((id) => ({
      event_id: `late-${id}`,
      event_name: 'late',
      app_user_id: 'late',
    }));
    const sent = await server.call('POST', '/v1/events', { key, body: { app_id, events } });
    assert.equal(sent.body.accepted, 3, sent.text);
    const made = await server.call('POST', '/v1/api-keys', {
      key,
      body: { name: 'Late', type: 'read_only' },
    });
    const { body } = await server.call('GET', `/v1/users?app_id=${app_id}`, { key });
    const erased = body.data.find(
      ({ app_user_id }: { app_user_id: string }) => app_user_id !== 'late',
    ).app_user_id;
    await server.call('DELETE', `/v1/users/${erased}?app_id=${app_id}`, { key });
    const answers = await readAnswers(server, source);
    assert.equal(await server.stop(), 0);
    const { code, stdout, stderr } = await move.ended;
    assert.equal(code, 0, stdout + stderr);
    await using after = await startServerProcess(envOf(source, target));
    assert.deepEqual(await readAnswers(after, source), answers);
    const late = await after.call('GET', '/v1/api-keys/self', { key: made.body.key });
    assert.equal(late.status, 200, late.text);
    const again = await after.call('POST', '/v1/events', { key, body: { app_id, events } });
    assert.deepEqual([again.body.accepted, again.body.duplicates], [0, 3], 'their IDs are known');
  });

  it('moves events that are only in the log after a kill', async () => {
    const [source, target] = [copySource(template), makeTarget()];
    const { key, appId: app_id } = source;
    await using server = await startServerProcess(envOf(source));
    const events = [{ event_id: 'logged', event_name: 'logged', app_user_id: 'logged' }];
    const sent = await server.call('POST', '/v1/events', { key, body: { app_id, events } });
    assert.equal(sent.body.accepted, 1, sent.text);
    await server.kill();
    const { code, stdout, stderr } = await runMove(source, target);
    assert.equal(code, 0, stdout + stderr);
    await using after = await startServerProcess(envOf(source, target));
    const found = await after.call('GET', '/v1/events?app_id=all&event_name=logged', { key });
    assert.equal(found.body.data.length, 1, found.text);
  });

  it('refuses to start a server on what was moved, and says how to undo that', async () => {
    const [source, target] = [copySource(template), makeTarget()];
    assert.equal((await runMove(source, target)).code, 0);
    const { code, stderr } = await runCli(['serve'], envOf(source));
    assert.equal(code, 1);
    assert.match(
      stderr,
      /was moved to servers .* Set DATABASE_URL and CLICKHOUSE_URL .* delete \S+moved\.json/,
    );
    rmSync(join(source.dataDir, 'moved.json'));
    await using undone = await startServerProcess(envOf(source));
    assert.equal((await undone.call('GET', '/v1/api-keys/self', { key: source.key })).status, 200);
  });

  it('reports each row that is not the same on both sides, and exits with 1', async () => {
    const [source, target] = [copySource(template), makeTarget()];
    assert.equal((await runMove(source, target, '--check')).code, 1, 'nothing is moved yet');
    assert.equal((await runMove(source, target)).code, 0);
    assert.equal((await runMove(source, target, '--check')).code, 0);
    await runOnServer(["UPDATE projects SET name = 'Changed'"], target.DATABASE_URL);
    const where =
      'event_id = (SELECT min(event_id) FROM events) SETTINGS mutations_sync = 2, allow_nondeterministic_mutations = 1';
    await runOnFront(target.CLICKHOUSE_URL, `ALTER TABLE events UPDATE country = 'XX' WHERE ${where}`);
    const { code, stdout } = await runMove(source, target, '--check');
    assert.equal(code, 1);
    const different = stdout.split('\n').filter((line) => line.includes('DIFFERENT'));
    assert.equal(different.length, 3, stdout);
    assert.match(different[0] ?? '', /^projects +all +1 +1 /);
    assert.match(different[1] ?? '', /^events +all /);
    assert.match(different[2] ?? '', /^events +proj_\w+, app_\w+, \d{4}-\d\d-\d\d +([\d,]+) +\1 /);
  });

  it('refuses targets that belong to another installation, or to this one already', async () => {
    const [source, target] = [copySource(template), makeTarget()];
    const other = { dataDir: makeTempDir(), key: '', revoked: '', appId: '', projectId: '' };
    await initByCli(envOf(other, target));
    await using server = await startServerProcess(envOf(other, target));
    await server.stop();
    for (const one of [{ DATABASE_URL: target.DATABASE_URL }, { CLICKHOUSE_URL: target.CLICKHOUSE_URL }]) {
      const { code, stderr } = await runMove(source, one);
      assert.equal(code, 1);
      assert.match(stderr, /is not empty, and what it contains is not from this installation/);
    }
    const own = makeTarget();
    assert.equal((await runMove(source, own)).code, 0);
    rmSync(join(source.dataDir, 'moved.json'));
    const { code, stderr } = await runMove(source, own);
    assert.equal(code, 1);
    assert.match(stderr, /is in use by this installation already/);
  });

  for (const name of ['DATABASE_URL', 'CLICKHOUSE_URL'] as const) {
    it(`moves one part only with ${name} alone: the server uses the rest where it is`, async () => {
      const [source, target] = [copySource(template), { [name]: makeTarget()[name] }];
      await using before = await startServerProcess(envOf(source));
      const answers = await readAnswers(before, source);
      await before.stop();
      const { code, stdout, stderr } = await runMove(source, target);
      assert.equal(code, 0, stdout + stderr);
      const refused = await runCli(['serve'], envOf(source));
      assert.match(refused.stderr, new RegExp(`was moved to servers .* Set ${name} as`));
      const more = await runMove(source, { ...makeTarget(), ...target });
      assert.deepEqual(
        [more.code, /was moved before, with other variables/.test(more.stderr)],
        [1, true],
        more.stderr,
      );
      await using after = await startServerProcess(envOf(source, target));
      assert.deepEqual(await readAnswers(after, source), answers);
    });
  }

  it('refuses a file with another secret, without a server, with a cluster, or that cannot be read', async () => {
    const source = copySource(template);
    const secret = await runMove(source, { ...makeTarget(), APPFLOW_SECRET: 'x'.repeat(40) });
    assert.deepEqual([secret.code, /is not the one of this installation/.test(secret.stderr)], [1, true]);
    const empty = await runMove(source, { REDIS_URL: 'redis://127.0.0.1' });
    assert.deepEqual(
      [empty.code, /must set DATABASE_URL, CLICKHOUSE_URL or both/.test(empty.stderr)],
      [2, true],
    );
    const cluster = await runMove(source, { ...makeTarget(), APPFLOW_CLICKHOUSE_CLUSTER: 'main' });
    assert.deepEqual([cluster.code, /to a single ClickHouse server only/.test(cluster.stderr)], [2, true]);
    const missing = await runCli(['move', '--to-env', join(source.dataDir, 'none')], envOf(source));
    assert.deepEqual([missing.code, /cannot be read/.test(missing.stderr)], [2, true]);
  });
});
