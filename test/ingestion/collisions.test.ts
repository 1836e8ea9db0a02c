import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NameCollision } from '../../client/src/api/ingestion.ts';
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

  it('leaves out the names of a deleted app', async () => {
    const project = await addProject();
    const key = project.server_key;
    const other = (await api.call('POST', '/v1/apps', { key, body: { name: 'Other', platform: 'web' } }))
      .body;
    const body = { name: 'Web', type: 'client', app_ids: [other.id] };
    const narrow = (await api.call('POST', '/v1/api-keys', { key, body })).body;
    const ios = { name: 'iOS', type: 'client', app_ids: [project.app_id] };
    const first = (await api.call('POST', '/v1/api-keys', { key, body: ios })).body;
    await capture({ ...project, client_key: first.key }, 'Order Completed', 'order-completed');
    await capture(
      { ...project, client_key: narrow.key },
      'ORDER COMPLETED',
      'Plan Selected',
      'plan-selected',
    );
    const [orders, plans] = await list(project);
    assert.deepEqual([orders?.name_count, plans?.event_name], [3, 'plan_selected']);
    assert.equal((await api.call('DELETE', `/v1/apps/${other.id}`, { key })).status, 200);
    assert.deepEqual(namesOf(await list(project)), {
      order_completed: [
        ['Order Completed', 1],
        ['order-completed', 1],
      ],
    });
  });

  it('never shows an API key that was sent as a name', async () => {
    const project = await addProject();
    await capture(project, `Paid ${project.client_key}`, `paid-${project.client_key}`);
    const text = JSON.stringify(await list(project));
    assert.ok(!text.includes(project.client_key), text);
  });
});
