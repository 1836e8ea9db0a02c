import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createFailureLog,
  ENTRIES_PER_MINUTE,
  type FailedAuthentication,
  type FailedAuthenticationLog,
} from '../../src/audit/failures.ts';
import { createSecret } from '../../src/directory/secret.ts';
import { MINUTE_MS } from '../../src/lib/durations.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { startServer } from '../../src/server/start.ts';
import { cleanUp } from '../support/clean-up.ts';
import { connect, initProject, makeClock, makeConfig } from '../support/harness.ts';
import { parseAnswer, sendRaw } from '../support/raw-http.ts';

const clock = makeClock();
const config = makeConfig();
const [one, other] = [await initProject(config), await initProject(config)];
const services = await openControlServices(config, clock);
cleanUp(() => services.close());
const { control, directory } = services;

const failed = async () =>
  control.db
    .selectFrom('audit_log')
    .selectAll()
    .where('action', '=', 'authentication.failed')
    .orderBy('seq')
    .execute();
const unknown = (address: string): FailedAuthentication => ({
  code: 'invalid_api_key',
  found: undefined,
  address,
  requestId: 'req_x',
});

/** Returns a failure of one of a project's three keys. */
function known(project_id: string, address: string, key = 0): FailedAuthentication {
  const found = directory.listKeys(project_id)[key] ?? assert.fail();
  const [secret] = found.secrets;
  assert.ok(secret);
  return { ...unknown(address), code: 'api_key_revoked', found: { key: found, secret } };
}

/** Returns an address in a different network for each index. */
const addressOf = (index: number) => `2001:db8:${index.toString(16)}::1`;

/** Returns the entries written in a new minute in which `happen` records failures. */
async function entriesOf(recordFailures: (failures: FailedAuthenticationLog) => void) {
  clock.advance(MINUTE_MS);
  const failures = createFailureLog(services);
  const before = (await failed()).length;
  recordFailures(failures);
  await failures.close();
  return (await failed()).slice(before);
}

describe('failed authentications', () => {
  it('counts all failed authentications and samples them per network and minute, without SQL statements', async () => {
    const rows = await entriesOf((failures) => {
      const statements = control.countStatements();
      for (let index = 0; index < 10_000; index += 1) failures.record(unknown('203.0.113.1'));
      assert.equal(control.countStatements(), statements);
      assert.equal(failures.totals().get('invalid_api_key'), 10_000);
      clock.advance(MINUTE_MS - 1);
      failures.record(unknown('203.0.113.1'));
      clock.advance(1);
      failures.record(unknown('203.0.113.1'));
    });
    assert.equal(rows.length, ENTRIES_PER_MINUTE.network + 1);
  });

  it('bounds entries for unknown keys over all networks, independently of projects', async () => {
    const rows = await entriesOf((failures) => {
      for (let index = 0; index < 5_000; index += 1) failures.record(unknown(addressOf(index)));
      failures.record(known(one.project_id, addressOf(0)));
    });
    assert.equal(rows.length, ENTRIES_PER_MINUTE.unknown + 1);
    assert.equal(rows.at(-1)?.project_id, one.project_id);
  });

  it('bounds entries per project, independently of other projects and unknown keys', async () => {
    const rows = await entriesOf((failures) => {
      for (let index = 0; index < 5_000; index += 1) {
        for (const key of [0, 1, 2]) failures.record(known(one.project_id, addressOf(index), key));
      }
      failures.record(known(other.project_id, addressOf(0)));
      failures.record(unknown(addressOf(0)));
      assert.equal(failures.totals().get('api_key_revoked'), 15_001);
    });
    const ofProject = (id: string | null) => rows.filter(({ project_id }) => project_id === id).length;
    assert.deepEqual(
      [ofProject(one.project_id), ofProject(other.project_id), ofProject(null)],
      [ENTRIES_PER_MINUTE.project, 1, 1],
    );
  });

  it('bounds entries per key, leaving room for the other keys of its project', async () => {
    const rows = await entriesOf((failures) => {
      for (let index = 0; index < 5_000; index += 1) failures.record(known(one.project_id, addressOf(index)));
      failures.record(known(one.project_id, addressOf(0), 1));
    });
    assert.equal(rows.length, ENTRIES_PER_MINUTE.key + 1);
    assert.ok(ENTRIES_PER_MINUTE.key < ENTRIES_PER_MINUTE.project);
  });

  it('bounds entries per key and network, leaving room for other networks', async () => {
    const rows = await entriesOf((failures) => {
      for (let index = 0; index < 5_000; index += 1) failures.record(known(one.project_id, addressOf(0)));
      failures.record(known(one.project_id, addressOf(1)));
    });
    assert.equal(rows.length, ENTRIES_PER_MINUTE.network + 1);
    assert.equal(rows.at(-1)?.ip, addressOf(1));
  });

  it('counts all addresses of one IPv6 /64 network as one', async () => {
    const rows = await entriesOf((failures) => {
      for (let index = 0; index < 50; index += 1) failures.record(unknown(`2001:db8:1:1::${index}`));
    });
    assert.equal(rows.length, ENTRIES_PER_MINUTE.network);
  });

  it('records the origin of a failed request, truncated and without any key', async () => {
    const secret = createSecret('server');
    const page = `https://${secret}.example.com/${'x'.repeat(1_000)}`;
    const [row] = await entriesOf((failures) =>
      failures.record({ ...known(one.project_id, '203.0.113.1'), code: 'origin_not_allowed', origin: page }),
    );
    const { origin } = JSON.parse(row?.diff ?? '');
    assert.equal(origin[1].length, 300);
    assert.ok(!origin[1].includes(secret));
  });
});

describe('failed authentications on a running server', () => {
  it('records rejected keys in the audit log of their project, and writes the last ones on shutdown', async () => {
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
    const recorded = rows.map(({ project_id, actor_type, actor_id, target, diff, ip }) => [
      project_id,
      actor_type,
      actor_id,
      target,
      diff,
      ip,
    ]);
    const { id } = made.body;
    assert.deepEqual(recorded, [
      [there.project_id, 'key', id, id, '{"code":[null,"api_key_revoked"]}', '127.0.0.1'],
      [null, 'system', 'authentication', 'unknown', '{"code":[null,"invalid_api_key"]}', '127.0.0.1'],
    ]);
  });

  it('counts malformed and multiple credentials, but not requests without any', async () => {
    const own = makeConfig();
    const { server_key: key } = await initProject(own);
    const server = await startServer(own);
    const head = (...lines: string[]) =>
      ['GET /v1/project HTTP/1.1', 'Host: x', 'Connection: close', ...lines, '', ''].join('\r\n');
    const bearer = `Authorization: Bearer ${key}`;
    for (const [lines, code] of [
      [['Authorization: Basic abc'], 'invalid_api_key'],
      [['Authorization: Bearer two words'], 'invalid_api_key'],
      [['Authorization: Bearer short'], 'invalid_api_key'],
      [[bearer, bearer], 'multiple_credentials'],
      [[], 'missing_api_key'],
    ] as const) {
      assert.equal(parseAnswer(await sendRaw(server.url, head(...lines))).body.code, code);
    }
    const { text } = await connect(server.url).call('GET', '/metrics');
    const counts = [...text.matchAll(/^appflow_failed_authentications_total\{code="(\w+)"\} (\d+)$/gm)];
    assert.deepEqual(
      counts.map(([, code, count]) => [code, count]),
      [
        ['invalid_api_key', '3'],
        ['multiple_credentials', '1'],
      ],
    );
    await server.stop();
  });

  it('records active keys used outside their restrictions in their project, but no missing scopes', async () => {
    const own = makeConfig();
    const there = await initProject(own);
    const server = await startServer(own);
    const api = connect(server.url);
    const { server_key: key, read_only_key } = there;
    const make = async (fields: object) => {
      const body = { name: 'Placed', type: 'server', ...fields };
      return (await api.call('POST', '/v1/api-keys', { key, body })).body;
    };
    const locked = await make({ ip_allowlist: ['203.0.113.1'] });
    const origin = 'https://page.example.com';
    const calls: [secret: string, headers: Record<string, string>, code: string][] = [
      [locked.key, {}, 'ip_not_allowed'],
      [key, { origin }, 'secret_key_in_browser'],
      [read_only_key, { origin }, 'origin_not_allowed'],
      [there.client_key, {}, 'insufficient_scope'],
    ];
    for (const [secret, headers, code] of calls) {
      const answer = await api.call('GET', '/v1/project', { key: secret, headers });
      assert.deepEqual([answer.status, answer.body.code], [403, code]);
    }
    const metrics = (await api.call('GET', '/metrics')).text;
    for (const code of ['ip_not_allowed', 'secret_key_in_browser', 'origin_not_allowed'])
      assert.ok(metrics.includes(`appflow_failed_authentications_total{code="${code}"} 1`), code);
    assert.ok(!metrics.includes('code="insufficient_scope"'));
    // A request outside the key's restrictions does not count as use, so unused keys can still be found.
    const { body: record } = await api.call('GET', `/v1/api-keys/${locked.id}`, { key });
    assert.deepEqual([record.last_used_at, record.last_used_ip, record.request_count], [null, null, 0]);
    const usage = await api.call('GET', `/v1/api-keys/${locked.id}/usage`, { key });
    assert.deepEqual(
      usage.body.data.map(({ forbidden }: { forbidden: number }) => forbidden),
      [1],
    );
    await server.stop();
    const { control: stopped, close } = await openControlServices(own);
    const rows = await stopped.db
      .selectFrom('audit_log')
      .selectAll()
      .where('action', '=', 'authentication.failed')
      .orderBy('seq')
      .execute();
    await close();
    assert.deepEqual(
      rows.map(({ project_id, diff }) => [project_id, JSON.parse(diff ?? '')]),
      [
        [there.project_id, { code: [null, 'ip_not_allowed'] }],
        [there.project_id, { code: [null, 'secret_key_in_browser'], origin: [null, origin] }],
        [there.project_id, { code: [null, 'origin_not_allowed'], origin: [null, origin] }],
      ],
    );
    assert.equal(rows[0]?.target, locked.id);
  });
});
