import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openIngestion } from '../../src/ingestion/ingestion.ts';
import { pruneIngestion } from '../../src/ingestion/prune.ts';
import { describeRejected } from '../../src/ingestion/rejected-event.ts';
import { DAY_MS } from '../../src/lib/durations.ts';
import { openLog } from '../../src/lib/log.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { initProject, makeClock, makeConfig, makeKey, startTestServer } from '../support/harness.ts';

const clock = makeClock();
const api = await startTestServer({}, { clock });
const { server_key, app_id } = api.project;

type Sample = {
  id: string;
  app_id: string | null;
  key_id: string;
  sdk: string;
  code: string;
  event: string | null;
  event_id: string | null;
  truncated: boolean;
};

async function list(query: Record<string, string>, key = server_key) {
  const { status, body, text } = await api.call(
    'GET',
    `/v1/ingestion/samples?${new URLSearchParams(query)}`,
    { key },
  );
  assert.equal(status, 200, text);
  return body as { data: Sample[]; next_cursor: string | null };
}

const send = (key: string, events: unknown[]) => api.call('POST', '/v1/events', { key, body: { events } });

describe('GET /v1/ingestion/samples', () => {
  it('shows each rejected event, newest first, with the reason and its JSON', async () => {
    const { id: key_id, key } = await makeKey(api, { type: 'client' });
    const named = { event_id: 'e1', event_name: 'No', app_user_id: 'u1', context: { sdk: 'ios/2.0' } };
    await send(key, [named, { event_name: 'opened', app_user_id: 'u1' }]);
    clock.advance(1_000);
    await send(key, [7]);
    const { data, next_cursor } = await list({ key_id });
    assert.equal(next_cursor, null);
    const [newer, older, ...more] = data;
    assert.deepEqual(more, []);
    assert.deepEqual([newer?.code, newer?.event, newer?.app_id], ['invalid_event', '7', app_id]);
    const { id: _, ...rest } = older ?? { id: '' };
    assert.deepEqual(rest, {
      at: new Date(clock.now() - 1_000).toISOString(),
      app_id,
      key_id,
      sdk_id: 'appflow',
      sdk: 'ios/2.0',
      code: 'invalid_event_name',
      field: 'event_name',
      message:
        'Name the event in snake_case: a lowercase letter, then at most 63 lowercase letters, digits or underscores.',
      event_id: 'e1',
      event: JSON.stringify(named),
      truncated: false,
    });
  });

  it('cuts a large event to 2 KB, and never shows an API key', async () => {
    const { id: key_id, key } = await makeKey(api, { type: 'client' });
    const large = { event_name: 'opened', app_user_id: 'u1', properties: { a: 'x'.repeat(40_000) } };
    await send(key, [large, { event_name: key, app_user_id: key, event_id: key, context: { sdk: key } }]);
    const [withKey, cut] = (await list({ key_id })).data;
    assert.deepEqual([cut?.code, cut?.truncated, cut?.event?.length], ['event_too_large', true, 2_048]);
    assert.match(withKey?.event ?? '', /^\{"event_name":"ck_af1_\w{4}…\w{4}","app_user_id":"ck_af1_/);
  });

  it('filters by code, key and app, page by page', async () => {
    const [one, other] = [await makeKey(api, { type: 'client' }), await makeKey(api, { type: 'client' })];
    await send(one.key, [
      ...Array.from({ length: 5 }, (_, index) => ({
        event_name: 'No',
        app_user_id: 'u1',
        event_id: `n${index}`,
      })),
      { event_name: 'opened', app_user_id: 'null' },
      { event_name: 'opened', app_user_id: 'u1', app_id: 'app_x' },
    ]);
    await send(other.key, [{ event_name: 'No', app_user_id: 'u1' }]);
    const query = { key_id: one.id, code: 'invalid_event_name' };
    const found: (string | null)[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await list({ ...query, limit: '2', ...(cursor !== '' && { cursor }) });
      found.push(...page.data.map(({ event_id }) => event_id));
      cursor = page.next_cursor;
    }
    assert.deepEqual(found, ['n4', 'n3', 'n2', 'n1', 'n0']);
    assert.equal((await list({ key_id: one.id })).data.length, 7);
    assert.equal((await list({ key_id: one.id, app_id })).data.length, 6);
    const [unknown] = (await list({ key_id: one.id, code: 'app_not_found' })).data;
    assert.equal(unknown?.app_id, null);
    const bad = await api.call('GET', '/v1/ingestion/samples?cursor=x', { key: server_key });
    assert.equal(bad.status, 422);
  });

  it('shows nothing of another project, of other apps, or without the scope', async () => {
    const theirs = await initProject(api.config);
    await send(theirs.client_key, [{ event_name: 'No', app_user_id: 'u1' }]);
    assert.equal((await list({}, theirs.server_key)).data.length, 1);
    const own = (await list({ limit: '1000' })).data;
    assert.ok(own.every((sample) => sample.app_id !== theirs.app_id));
    const web = await api.call('POST', '/v1/apps', {
      key: server_key,
      body: { name: 'Web', platform: 'web' },
    });
    const inWeb = await makeKey(api, { type: 'server', app_ids: [web.body.id] });
    assert.deepEqual((await list({}, inWeb.key)).data, []);
    const reader = await makeKey(api, { type: 'read_only' });
    assert.equal((await api.call('GET', '/v1/ingestion/samples', { key: reader.key })).status, 403);
  });

  it('has at most 100 samples of a batch, and counts all of it', async () => {
    const { id: key_id, key } = await makeKey(api, { type: 'client' });
    const events = Array.from({ length: 1_000 }, () => 7);
    await api.call('POST', '/v1/events', { key, body: { app_id, events } });
    assert.equal((await list({ key_id, limit: '200' })).data.length, 100);
    const { body } = await api.call('GET', `/v1/ingestion?key_id=${key_id}`, { key: server_key });
    assert.equal(
      body.data.reduce((sum: number, row: { rejected: number }) => sum + row.rejected, 0),
      1_000,
    );
  });
});

describe('storing samples', () => {
  const source = { projectId: 'proj_1', keyId: 'key_1', sdkId: 'appflow' } as const;
  const page = { before: undefined, limit: 5_000 };
  const filter = {
    ...{ projectId: 'proj_1', code: undefined, keyId: undefined },
    ...{ sdkId: undefined, appIds: undefined },
  };
  const reason = { code: 'invalid_event_name', field: 'event_name', message: 'Name it.' };
  const rejectedOf = (app_user_id: unknown, appId = 'app_1') =>
    describeRejected({ event_name: 'No', app_user_id }, appId, reason, { hasSample: true });
  const batchOf = (...rejected: ReturnType<typeof rejectedOf>[]) => ({
    ...source,
    rows: [],
    stored: [],
    rejected,
  });

  it('keeps the last 1,000 of each project, and a flood costs a few statements per flush', async () => {
    const config = makeConfig();
    const services = await openControlServices(config, clock);
    const { control, ingestion } = services;
    const usersOf = async () =>
      (await ingestion.listSamples(filter, page)).map(({ app_user_id }) => app_user_id);
    ingestion.countBatch({ ...batchOf(rejectedOf('theirs')), projectId: 'proj_2' });
    ingestion.countBatch(batchOf(rejectedOf('first')));
    await ingestion.flush();
    const before = control.countStatements();
    for (let index = 0; index < 50_000; index += 1) ingestion.countBatch(batchOf(rejectedOf(`u${index}`)));
    assert.equal(control.countStatements(), before, 'counting runs no statement');
    await ingestion.flush();
    assert.ok(control.countStatements() - before < 60, `${control.countStatements() - before} statements`);
    const users = await usersOf();
    assert.deepEqual([users.length, users[0], users.at(-1)], [1_000, 'u49999', 'u49000']);
    assert.equal((await ingestion.listSamples({ ...filter, projectId: 'proj_2' }, page)).length, 1);
    await services.close();
    const restarted = await openControlServices(config, clock);
    assert.equal((await restarted.ingestion.listSamples(filter, page)).length, 1_000);
    await restarted.close();
  });

  it('keeps samples that a failed flush could not write', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const { control, ingestion } = services;
    ingestion.countBatch(batchOf(rejectedOf('u1')));
    await control.db.schema.alterTable('ingestion_samples').renameTo('aside').execute();
    await assert.rejects(ingestion.flush());
    await control.db.schema.alterTable('aside').renameTo('ingestion_samples').execute();
    ingestion.countBatch(batchOf(rejectedOf('u2')));
    await ingestion.flush();
    const users = (await ingestion.listSamples(filter, page)).map(({ app_user_id }) => app_user_id);
    assert.deepEqual(users, ['u2', 'u1']);
    await services.close();
  });

  it('stores U+0000, which PostgreSQL refuses, as U+FFFD in every text of a sample', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const { ingestion } = services;
    const bad = 'x\0';
    const event = { app_user_id: bad, context: { sdk: bad }, properties: { [bad]: bad } };
    const why = { code: 'invalid_field', field: bad, message: bad };
    ingestion.countBatch(batchOf(describeRejected(event, 'app_1', why, { hasSample: true })));
    await ingestion.flush();
    const [sample] = await ingestion.listSamples(filter, page);
    const { app_user_id, sdk, field, message } = sample ?? {};
    assert.deepEqual([app_user_id, sdk, field, message], Array(4).fill('x\ufffd'));
    assert.deepEqual(JSON.parse(sample?.event ?? ''), event, 'in JSON, it is escaped');
    await services.close();
  });

  it('drops only the samples that the database refuses, with one log line', async () => {
    const lines: string[] = [];
    const log = openLog('info', undefined, { write: (line) => lines.push(line) });
    const { control, ...services } = await openControlServices(makeConfig(), clock);
    const ingestion = openIngestion(control, clock, log);
    const valid = rejectedOf('u2');
    // The type does not allow it, and neither does the database.
    const refused = { ...valid, sample: { ...valid.sample, field: null } } as unknown as typeof valid;
    ingestion.countBatch(batchOf(rejectedOf('u1'), refused, rejectedOf('u3')));
    await ingestion.flush();
    const stored = await control.db
      .selectFrom('ingestion_samples')
      .select('app_user_id')
      .orderBy('id')
      .execute();
    assert.deepEqual(stored, [{ app_user_id: 'u1' }, { app_user_id: 'u3' }]);
    assert.equal(lines.filter((line) => line.includes('were dropped')).length, 1);
    await ingestion.close();
    await services.close();
  });

  it('saves samples although counts cannot be saved', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const { control, ingestion } = services;
    ingestion.countBatch(batchOf(rejectedOf('u1')));
    await control.db.schema.alterTable('ingestion_sdk_hours').renameTo('aside').execute();
    await assert.rejects(ingestion.flush());
    assert.equal((await control.db.selectFrom('ingestion_samples').select('id').execute()).length, 1);
    await control.db.schema.alterTable('aside').renameTo('ingestion_sdk_hours').execute();
    await services.close();
  });

  it('deletes the samples of a person, written or not, and of an app', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const { ingestion } = services;
    const all = [rejectedOf('u1'), rejectedOf('u2'), rejectedOf('u1', 'app_2'), rejectedOf(7)];
    ingestion.countBatch(batchOf(...all));
    await ingestion.flush();
    ingestion.countBatch(batchOf(...all));
    const erased = await ingestion.deleteSamples(
      'proj_1',
      ({ appId, appUserId }) => appId === 'app_1' && ['u1', '7'].includes(appUserId ?? ''),
    );
    assert.equal(erased, 4);
    const left = (await ingestion.listSamples(filter, page)).map(({ app_id, app_user_id }) => [
      app_id,
      app_user_id,
    ]);
    const kept = [
      ['app_2', 'u1'],
      ['app_1', 'u2'],
    ];
    assert.deepEqual(left, [...kept, ...kept]);
    assert.equal(await ingestion.deleteSamples('proj_2', () => true), 0);
    assert.equal(await ingestion.deleteSamples('proj_1', ({ appId }) => appId === 'app_2'), 2);
    await ingestion.flush();
    assert.equal((await ingestion.listSamples(filter, page)).length, 2);
    await services.close();
  });

  it('keeps nothing of the events of an erased person', async () => {
    const services = await openControlServices(makeConfig(), clock);
    const event = { event_id: 'e1', event_name: 'opened', app_user_id: 'u1' };
    const erased = { code: 'user_erased', field: 'app_user_id', message: 'Erased.', event_id: 'e1' };
    services.ingestion.countBatch(batchOf(describeRejected(event, 'app_1', erased, { hasSample: true })));
    const [sample] = await services.ingestion.listSamples(filter, page);
    assert.deepEqual(
      [sample?.code, sample?.event, sample?.event_id, sample?.app_user_id],
      ['user_erased', null, null, null],
    );
    await services.close();
  });

  it('deletes samples after ninety days', async () => {
    const services = await openControlServices(makeConfig(), clock);
    services.ingestion.countBatch(batchOf(rejectedOf('u1')));
    await services.ingestion.flush();
    clock.advance(90 * DAY_MS);
    await pruneIngestion(services.control, clock.now());
    assert.equal((await services.ingestion.listSamples(filter, page)).length, 1);
    clock.advance(1);
    await pruneIngestion(services.control, clock.now());
    assert.deepEqual(await services.ingestion.listSamples(filter, page), []);
    await services.close();
  });
});
