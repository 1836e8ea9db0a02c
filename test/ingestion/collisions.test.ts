import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NameCollision } from '../../client/src/api/ingestion.ts';
import type { Control } from '../../src/control/control.ts';
import { saveNames } from '../../src/ingestion/name-store.ts';
import type { NameRow } from '../../src/ingestion/name-tally.ts';
import { pruneIngestion } from '../../src/ingestion/prune.ts';
import { DAY_MS } from '../../src/lib/durations.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { connect, initProject, makeClock, makeConfig, stopBeforeRemoval } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';
import { until } from '../support/until.ts';

const config = makeConfig();
const clock = makeClock();
const { url, services, stop } = await startOpenServer(config, clock);
stopBeforeRemoval(config.dataDir, stop);
const api = connect(url);

type Project = Awaited<ReturnType<typeof initProject>>;

async function addProject(): Promise<Project> {
  const project = await initProject(config);
  const key = project.client_key;
  // With PostgreSQL, the server does not know it immediately.
  await until(
    'the key is known',
    async () => (await api.call('GET', '/v1/api-keys/self', { key })).status === 200,
  );
  return project;
}

/** What the API returns once names are written. */
async function list({ server_key }: Project, query = '', key = server_key): Promise<NameCollision[]> {
  await services.ingestion.flush();
  const { status, body, text } = await api.call('GET', `/v1/ingestion/name-collisions${query}`, { key });
  assert.equal(status, 200, text);
  return body.data;
}

const namesOf = (collisions: readonly NameCollision[]) =>
  Object.fromEntries(
    collisions.map(({ event_name, names }) => [event_name, names.map(({ name, events }) => [name, events])]),
  );

let last = 0;

/** Sends events as PostHog's SDKs do. */
async function capture({ client_key }: Project, ...names: string[]) {
  const batch = names.map((event) => {
    last += 1;
    return { event, distinct_id: 'user_1', uuid: `e-${last}` };
  });
  const { status, text } = await api.call('POST', '/batch', { body: { api_key: client_key, batch } });
  assert.equal(status, 200, text);
  return batch;
}

describe('GET /v1/ingestion/name-collisions', () => {
  it('lists names that became the same one, the most frequent first, with when they were received', async () => {
    const project = await addProject();
    const firstAt = new Date(clock.now()).toISOString();
    await capture(project, 'Order Completed', 'order-completed', 'Order Completed', 'Plan Selected');
    clock.advance(1_000);
    const lastAt = new Date(clock.now()).toISOString();
    await capture(project, 'Order Completed', 'order_completed');
    assert.deepEqual(await list(project), [
      {
        event_name: 'order_completed',
        events: 5,
        name_count: 3,
        names: [
          { name: 'Order Completed', events: 3, first_at: firstAt, last_at: lastAt },
          { name: 'order-completed', events: 1, first_at: firstAt, last_at: firstAt },
          { name: 'order_completed', events: 1, first_at: lastAt, last_at: lastAt },
        ],
      },
    ]);
  });

  it('counts what is stored once: no duplicate, no rejected event', async () => {
    const project = await addProject();
    const batch = await capture(project, 'Order Completed', 'order-completed');
    await api.call('POST', '/batch', { body: { api_key: project.client_key, batch } });
    const invalid = { event: 'Order  completed', distinct_id: '', uuid: 'bad' };
    await api.call('POST', '/batch', { body: { api_key: project.client_key, batch: [invalid] } });
    assert.deepEqual(namesOf(await list(project)), {
      order_completed: [
        ['Order Completed', 1],
        ['order-completed', 1],
      ],
    });
  });

  it('does not list names that SDKs send by themselves, unless another name became the same', async () => {
    const project = await addProject();
    await capture(project, '$screen', '[Amplitude] Screen Viewed', 'Application Opened', 'app_open');
    await api.call('POST', '/v1/screen', {
      body: { writeKey: project.client_key, type: 'screen', userId: 'user_1', name: 'Home' },
    });
    assert.deepEqual(await list(project), []);
    await capture(project, 'Screen View');
    const [collision, ...more] = await list(project);
    assert.deepEqual([collision?.event_name, collision?.name_count, more], ['screen_view', 4, []]);
  });

  it('compares names with normalize_names, and no others', async () => {
    const project = await addProject();
    const events = ['Order Completed', 'orderCompleted', '$identify'].map((event_name) => ({
      ...{ event_name, app_user_id: 'user_1' },
      ...(event_name === '$identify' && { properties: { anonymous_id: 'anon_1' } }),
    }));
    const send = (body: object) => api.call('POST', '/v1/events', { key: project.client_key, body });
    await send({ events: [{ event_name: 'order_completed', app_user_id: 'user_1' }] });
    assert.equal((await send({ normalize_names: true, events })).body.accepted, 3);
    assert.deepEqual(namesOf(await list(project)), {
      order_completed: [
        ['Order Completed', 1],
        ['orderCompleted', 1],
      ],
    });
  });

  it('compares the apps of a project, or those that a key can access, and shows nothing of another project', async () => {
    const project = await addProject();
    const create = async (path: string, body: object) =>
      (await api.call('POST', path, { key: project.server_key, body })).body;
    const other = await create('/v1/apps', { name: 'Other', platform: 'web' });
    const narrow = await create('/v1/api-keys', { name: 'Web', type: 'client', app_ids: [other.id] });
    const reader = await create('/v1/api-keys', { name: 'Read', type: 'read_only', app_ids: [other.id] });
    const first = await create('/v1/api-keys', { name: 'iOS', type: 'client', app_ids: [project.app_id] });
    await capture({ ...project, client_key: first.key }, 'Order Completed');
    await capture(
      { ...project, client_key: narrow.key },
      'order-completed',
      'Plan Selected',
      'plan-selected',
    );
    assert.deepEqual(Object.keys(namesOf(await list(project))), ['order_completed', 'plan_selected']);
    assert.deepEqual(Object.keys(namesOf(await list(project, `?app_id=${other.id}`))), ['plan_selected']);
    assert.deepEqual(await list(project, `?app_id=${project.app_id}`), []);
    assert.deepEqual(Object.keys(namesOf(await list(project, '', reader.key))), ['plan_selected']);
    assert.deepEqual(await list(await addProject()), []);
  });

  it('never shows an API key that was sent as a name', async () => {
    const project = await addProject();
    await capture(project, `Paid ${project.client_key}`, `paid-${project.client_key}`);
    const text = JSON.stringify(await list(project));
    assert.ok(!text.includes(project.client_key), text);
  });
});

describe('storing names', () => {
  const rowOf = (sent_name: string, last_at: number, fields: Partial<NameRow> = {}): NameRow => ({
    ...{ project_id: 'proj_1', app_id: 'app_1', event_name: 'order', sent_name, is_automatic: 0 },
    ...{ count: 1, first_at: 1, last_at },
    ...fields,
  });
  const save = ({ db }: Pick<Control, 'db'>, rows: readonly NameRow[]) =>
    db.transaction().execute((tx) => saveNames(tx, rows));
  const everything = { projectId: 'proj_1', appIds: undefined };

  it('adds up several processes, and keeps what was flushed across restarts', async () => {
    const own = makeConfig();
    const [one, other] = [await openControlServices(own, clock), await openControlServices(own, clock)];
    const name = { appId: 'app_1', eventName: 'order', isAutomatic: false };
    const sentNames = ['Order', 'ORDER'].map((sentName) => ({ ...name, sentName }));
    const source = { projectId: 'proj_1', keyId: 'key_1', sdkId: 'posthog' } as const;
    for (const { ingestion } of [one, other, one])
      ingestion.countBatch({ ...source, rows: [], stored: [], rejected: [], sentNames });
    await Promise.all([one.ingestion.flush(), other.ingestion.flush()]);
    await Promise.all([one.close(), other.close()]);
    const restarted = await openControlServices(own, clock);
    const [collision] = await restarted.ingestion.listCollisions(everything);
    assert.deepEqual([collision?.events, collision?.nameCount], [6, 2]);
    await restarted.close();
  });

  it('keeps names that a failed flush could not write, and counts them once', async () => {
    const { control, ingestion, close } = await openControlServices(makeConfig(), clock);
    const name = { appId: 'app_1', eventName: 'order', isAutomatic: false };
    const sentNames = ['Order', 'ORDER'].map((sentName) => ({ ...name, sentName }));
    const source = { projectId: 'proj_1', keyId: 'key_1', sdkId: 'posthog' } as const;
    ingestion.countBatch({ ...source, rows: [], stored: [], rejected: [], sentNames });
    await control.db.schema.alterTable('event_names').renameTo('aside').execute();
    await assert.rejects(ingestion.flush());
    await control.db.schema.alterTable('aside').renameTo('event_names').execute();
    await ingestion.flush();
    await ingestion.flush();
    assert.equal((await ingestion.listCollisions(everything))[0]?.events, 2);
    await close();
  });

  it('keeps the 1,000 names of an app that were received last', async () => {
    const { control, close } = await openControlServices(makeConfig(), clock);
    const rows = Array.from({ length: 1_000 }, (_, index) => rowOf(`n${index}`, 10 + index));
    await save(control, [...rows, rowOf('n0', 5, { app_id: 'app_2' })]);
    const sentNames = async () =>
      (await control.db.selectFrom('event_names').select('sent_name').where('app_id', '=', 'app_1').execute())
        .map(({ sent_name }) => sent_name)
        .sort();
    assert.equal((await sentNames()).length, 1_000);
    await save(control, [rowOf('n0', 5_000), rowOf('one more', 5_000)]);
    const kept = await sentNames();
    assert.deepEqual([kept.length, kept.includes('n0'), kept.includes('n1')], [1_000, true, false]);
    assert.ok(kept.includes('one more'));
    const others = await control.db
      .selectFrom('event_names')
      .where('app_id', '=', 'app_2')
      .selectAll()
      .execute();
    assert.equal(others.length, 1);
    await close();
  });

  it('lists the 100 collisions of the most events, with the 20 most frequent names of each', async () => {
    const { control, ingestion, close } = await openControlServices(makeConfig(), clock);
    const numbers = Array.from({ length: 101 }, (_, index) => index);
    const pairs = numbers.flatMap((index) =>
      ['A', 'B'].map((name) => rowOf(name, 10, { event_name: `event_${index}`, count: index + 1 })),
    );
    const many = numbers.slice(0, 21).map((index) => rowOf(`n${index}`, 10, { count: 1_000 + index }));
    await save(control, [...pairs, ...many]);
    const collisions = await ingestion.listCollisions(everything);
    assert.equal(collisions.length, 100);
    assert.deepEqual(
      [collisions[0]?.nameCount, collisions[0]?.names.length, collisions[0]?.names[0]?.name],
      [21, 20, 'n20'],
    );
    assert.deepEqual([collisions[1]?.eventName, collisions.at(-1)?.eventName], ['event_100', 'event_2']);
    await close();
  });

  it('deletes names ninety days after they were last received', async () => {
    const { control, ingestion, close } = await openControlServices(makeConfig(), clock);
    await save(control, [rowOf('A', clock.now()), rowOf('B', clock.now())]);
    await pruneIngestion(control, clock.now() + 90 * DAY_MS);
    assert.equal((await ingestion.listCollisions(everything)).length, 1);
    await pruneIngestion(control, clock.now() + 90 * DAY_MS + 1);
    assert.deepEqual(await ingestion.listCollisions(everything), []);
    await close();
  });
});
