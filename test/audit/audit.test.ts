import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { CLI_ACTOR } from '../../src/api/caller.ts';
import { NO_CALLER } from '../../src/control/control.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { cleanUp } from '../support/clean-up.ts';
import { runSql } from '../support/control-sql.ts';
import { type Answer, initProject, makeClock, makeKey, startTestServer } from '../support/harness.ts';

const clock = makeClock();
const api = await startTestServer({ TRUSTED_PROXIES: '127.0.0.1' }, { clock });
// The project was created by the system clock, after the server's had stopped.
clock.set(Date.now());
const { server_key: key, project_id } = api.project;
const self = (await api.call('GET', '/v1/api-keys/self', { key })).body.id as string;
const services = await openControlServices(api.config, clock);
cleanUp(() => services.close());

type Entry = { id: string; at: string; action: string; target: string; [name: string]: unknown };

const list = (search = '', as = key) => api.call('GET', `/v1/audit-log${search}`, { key: as });
const entriesOf = ({ body, text }: Answer): Entry[] => body.data ?? assert.fail(text);
const about = async (target: string) => entriesOf(await list(`?target=${target}`));
const actionsOf = (entries: Entry[]) => entries.map(({ action }) => action);

describe('the audit log', () => {
  it('records each change of an app once, with actor, time, address, request id and diff', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9', 'x-request-id': 'request-of-mine' };
    const body = { name: 'Notes', platform: 'ios' };
    const made = await api.call('POST', '/v1/apps', { key, body, headers });
    const path = `/v1/apps/${made.body.id}`;
    const at = new Date(clock.now()).toISOString();
    await api.call('PATCH', path, { key, body: { name: 'Notes 2', timezone: 'UTC' } });
    await api.call('PATCH', path, { key, body: { name: 'Notes 2' } });
    await api.call('DELETE', path, { key });
    await api.call('DELETE', path, { key });
    await api.call('PATCH', path, { key, body: { deleted: false, currency: 'EUR' } });
    const entries = await about(made.body.id);
    const actions = ['app.updated', 'app.restored', 'app.deleted', 'app.updated', 'app.created'];
    assert.deepEqual(actionsOf(entries), actions);
    const { id, ...created } = entries[4] ?? assert.fail();
    assert.match(id, /^aud_[0-9A-Z]{26}$/);
    assert.deepEqual(created, {
      at,
      actor: { type: 'key', id: self },
      action: 'app.created',
      target: made.body.id,
      ip: '203.0.113.9',
      request_id: 'request-of-mine',
    });
    assert.deepEqual(entries[3]?.diff, { name: ['Notes', 'Notes 2'] });
    assert.deepEqual(entries[0]?.diff, { currency: ['USD', 'EUR'] });
  });

  it('records only actual changes of a project, under their API names', async () => {
    const before = (await about(project_id)).length;
    const patch = (body: unknown) => api.call('PATCH', '/v1/project', { key, body });
    await patch({ count_unverified_revenue: false, leaked_key_policy: 30 });
    await patch({ count_unverified_revenue: false });
    const [newest, ...rest] = await about(project_id);
    assert.equal(rest.length, before);
    assert.deepEqual(newest?.diff, {
      count_unverified_revenue: [true, false],
      leaked_key_policy: ['revoke', 30],
    });
  });

  it('records no rejected requests', async () => {
    const before = (await list()).text;
    for (const body of [{}, { name: '' }, { name: 'x', platform: 'y' }]) {
      assert.equal((await api.call('POST', '/v1/apps', { key, body })).status, 422);
    }
    assert.equal((await list()).text, before);
  });

  it('records the CLI as the actor of a project created by init', async () => {
    const entries = entriesOf(await list('?actor_id=cli&limit=200'));
    assert.ok(actionsOf(entries).includes('project.created'));
    assert.ok(actionsOf(entries).includes('app.created'));
    for (const { actor, ip } of entries) assert.deepEqual([actor, ip], [{ type: 'cli', id: 'cli' }, null]);
  });

  it('returns pages newest first, without gaps or duplicates', async () => {
    const all = entriesOf(await list('?limit=200')).map(({ id }) => id);
    const paged: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Answer = await list(`?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      paged.push(...entriesOf(page).map(({ id }) => id));
      cursor = page.body.next_cursor;
    }
    assert.deepEqual(paged, all);
    assert.deepEqual(all, all.toSorted().reverse());
  });

  it('filters by action, actor, target and time, with `from` inclusive and `to` exclusive', async () => {
    clock.advance(1_000);
    const body = { name: 'Timed', platform: 'web' };
    const { body: app } = await api.call('POST', '/v1/apps', { key, body });
    const at = new Date(clock.now()).toISOString();
    clock.advance(1_000);
    const later = new Date(clock.now()).toISOString();
    const targets = async (search: string) => entriesOf(await list(search)).map(({ target }) => target);
    assert.deepEqual(await targets(`?from=${at}&action=app.created`), [app.id]);
    assert.deepEqual(await targets(`?from=${at}&to=${at}`), []);
    assert.deepEqual(await targets(`?from=${at}&to=${later}&actor_id=${self}`), [app.id]);
    assert.deepEqual(await targets(`?from=${at}&actor_id=cli`), []);
    assert.deepEqual(await targets(`?target=${app.id}`), [app.id]);
    assert.equal((await list('?action=app.eaten')).status, 422);
  });

  it('never includes entries of another project', async () => {
    const theirs = await initProject(api.config);
    const entries = entriesOf(await list('?limit=200', theirs.server_key));
    assert.ok(actionsOf(entries).includes('project.created'));
    const ours = new Set(entriesOf(await list('?limit=200')).map(({ id }) => id));
    assert.deepEqual(
      entries.filter(({ id }) => ours.has(id)),
      [],
    );
  });

  it('rejects keys restricted to some apps', async () => {
    const restricted = await makeKey(api, { type: 'server', app_ids: [api.project.app_id] });
    for (const search of ['', '?format=csv', '/export']) {
      const { status, body } = await list(search, restricted.key);
      assert.deepEqual([status, body.code], [403, 'app_not_allowed']);
    }
  });
});

/** Appends this many entries in one transaction. */
async function appendMany(count: number, target: string): Promise<void> {
  await services.control.write(NO_CALLER, async ({ tx }) => {
    for (let index = 0; index < count; index += 1) {
      const entry = { projectId: project_id, actor: CLI_ACTOR, action: 'app.updated', target } as const;
      await services.audit.append(tx, { ...entry, diff: { name: ['x'.repeat(100), index] } });
    }
  });
}

/** Stores entries with diffs longer than any that is appended, so that an export outgrows every buffer on its way. */
async function storeLong(count: number, target: string): Promise<void> {
  const diff = JSON.stringify({ name: ['x'.repeat(10_000), 1] });
  await runSql(
    api.config,
    `INSERT INTO audit_log
     WITH RECURSIVE n(i) AS (SELECT 1000000 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000 + ${count})
     SELECT i, 'aud_' || i, ${clock.now()}, '${project_id}', 'cli', 'cli', 'app.updated', '${target}', '${diff}',
       NULL, NULL, 'x', 'x' FROM n`,
  );
}

describe('audit log exports', () => {
  it('exports every matching entry as NDJSON, beyond any page limit', async () => {
    await appendMany(1_234, 'app_many');
    const headers = { authorization: `Bearer ${key}` };
    const path = '/v1/audit-log?format=ndjson&target=app_many&limit=1';
    const answer = await fetch(api.url + path, { headers });
    assert.equal(answer.headers.get('content-type'), 'application/x-ndjson');
    const lines = (await answer.text()).trimEnd().split('\n');
    assert.equal(lines.length, 1_234);
    const seen = lines.map((line) => JSON.parse(line).diff.name[1]);
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => b - a),
    );
    assert.deepEqual(JSON.parse(lines[0] ?? ''), entriesOf(await list('?target=app_many&limit=1'))[0]);
  });

  it('exports CSV with a header, and escapes cells that could be formulas', async () => {
    const request_id = '-1.evil.formula';
    const headers = { 'x-request-id': request_id };
    const body = { name: 'Sheet', platform: 'ios' };
    const { body: app } = await api.call('POST', '/v1/apps', { key, body, headers });
    const { text, headers: got } = await list(`?format=csv&target=${app.id}`);
    assert.equal(got.get('content-type'), 'text/csv; charset=utf-8');
    const [header, line, end] = text.split('\r\n');
    assert.equal(header, 'id,at,actor_type,actor_id,action,target,diff,ip,request_id');
    assert.ok(line?.endsWith(`,${app.id},,127.0.0.1,'${request_id}`), line);
    assert.equal(end, '');
  });

  it('has a path of its own, which answers the same as ?format=, NDJSON by default', async () => {
    const { body: app } = await api.call('POST', '/v1/apps', { key, body: { name: 'Own', platform: 'ios' } });
    for (const format of ['csv', 'ndjson']) {
      const old = await list(`?format=${format}&target=${app.id}`);
      const path = `/v1/audit-log/export?format=${format}&target=${app.id}`;
      assert.equal((await api.call('GET', path, { key })).text, old.text);
    }
    const { text } = await api.call('GET', `/v1/audit-log/export?target=${app.id}`, { key });
    assert.equal(text, (await list(`?format=ndjson&target=${app.id}`)).text);
    assert.equal((await api.call('GET', '/v1/audit-log/export?limit=1', { key })).status, 422);
  });

  const changes: [what: string, method: string, body?: object][] = [
    ['revoked', 'DELETE'],
    ['restricted to other IP addresses', 'PATCH', { ip_allowlist: ['203.0.113.1'] }],
  ];
  before(() => storeLong(4_000, 'app_long'));
  for (const [what, method, change] of changes) {
    it(`aborts an export within a second when its key is ${what}, so that it does not look complete`, async () => {
      const reader = await makeKey(api, { type: 'server' });
      const authorization = `Bearer ${reader.key}`;
      const path = `${api.url}/v1/audit-log?format=ndjson&target=app_long`;
      const { body } = await fetch(path, { headers: { authorization } });
      const stream = body?.getReader() ?? assert.fail('no body');
      await stream.read();
      await api.call(method, `/v1/api-keys/${reader.id}`, { key, ...(change ? { body: change } : {}) });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await assert.rejects(async () => {
        while (!(await stream.read()).done);
      });
    });
  }
});
