import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import {
  createFailureLog,
  ENTRIES_PER_MINUTE_MAX,
  ENTRIES_PER_NETWORK_MAX,
} from '../src/keys/audit-failures.ts';
import { createSecret } from '../src/keys/secret.ts';
import { openControlServices } from '../src/open-services.ts';
import { startServer } from '../src/server.ts';
import { connect, initProject, makeClock, makeConfig } from './harness.ts';

const MINUTE_MS = 60_000;
const clock = makeClock();
const config = makeConfig();
const project = await initProject(config);
const services = await openControlServices(config, clock);
after(() => services.close());
const { control, directory } = services;

const failed = async () =>
  control.db
    .selectFrom('audit_log')
    .selectAll()
    .where('action', '=', 'authentication.failed')
    .orderBy('seq')
    .execute();
const unknown = (address: string) =>
  ({ code: 'invalid_api_key', found: undefined, address, requestId: 'req_x' }) as const;

describe('failed authentications', () => {
  it('are all counted and sampled per network and minute, without a statement of their own', async () => {
    const failures = createFailureLog(services);
    const before = (await failed()).length;
    const statements = control.countStatements();
    for (let index = 0; index < 10_000; index += 1) failures.note(unknown('203.0.113.1'));
    assert.equal(control.countStatements(), statements);
    assert.equal(failures.totals().get('invalid_api_key'), 10_000);
    await failures.flush();
    assert.equal((await failed()).length - before, ENTRIES_PER_NETWORK_MAX);
    clock.advance(MINUTE_MS);
    failures.note(unknown('203.0.113.1'));
    await failures.close();
    assert.equal((await failed()).length - before, ENTRIES_PER_NETWORK_MAX + 1);
  });

  it('are bounded over all networks, those of known keys apart from those of unknown ones', async () => {
    clock.advance(MINUTE_MS);
    const failures = createFailureLog(services);
    const before = (await failed()).length;
    const [key] = directory.listKeys(project.project_id);
    const [secret] = key?.secrets ?? [];
    assert.ok(key && secret);
    for (let index = 0; index < 5_000; index += 1)
      failures.note(unknown(`2001:db8:${index.toString(16)}::1`));
    const found = { key, secret };
    failures.note({ ...unknown('203.0.113.2'), code: 'api_key_expired', found });
    await failures.close();
    const rows = (await failed()).slice(before);
    assert.equal(rows.length, ENTRIES_PER_MINUTE_MAX + 1);
    assert.equal(rows.at(-1)?.target, key.id);
  });

  it('of one IPv6 line count as one', async () => {
    clock.advance(MINUTE_MS);
    const failures = createFailureLog(services);
    const before = (await failed()).length;
    for (let index = 0; index < 50; index += 1) failures.note(unknown(`2001:db8:1:1::${index}`));
    await failures.close();
    assert.equal((await failed()).length - before, ENTRIES_PER_NETWORK_MAX);
  });
});

describe('a server', () => {
  it('tells the project of refused keys that were its own, and writes the last ones when it stops', async () => {
    const own = makeConfig();
    const there = await initProject(own);
    const server = await startServer(own);
    const api = connect(server.url);
    const { server_key: key } = there;
    const made = await api.call('POST', '/v1/api-keys', { key, body: { name: 'Off', type: 'server' } });
    await api.call('DELETE', `/v1/api-keys/${made.body.id}`, { key });
    await api.call('GET', '/v1/project', { key: made.body.key });
    await api.call('GET', '/v1/project', { key: createSecret('server') });
    await server.stop();
    const { control: stopped, close } = await openControlServices(own);
    const rows = await stopped.db
      .selectFrom('audit_log')
      .selectAll()
      .where('action', '=', 'authentication.failed')
      .orderBy('seq')
      .execute();
    await close();
    const told = rows.map(({ project_id, actor_type, actor_id, target, diff, ip }) => [
      project_id,
      actor_type,
      actor_id,
      target,
      diff,
      ip,
    ]);
    const { id } = made.body;
    assert.deepEqual(told, [
      [there.project_id, 'key', id, id, '{"code":[null,"api_key_revoked"]}', '127.0.0.1'],
      [null, 'system', 'authentication', 'unknown', '{"code":[null,"invalid_api_key"]}', '127.0.0.1'],
    ]);
  });
});
