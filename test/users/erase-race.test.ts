import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CLI_REQUESTER } from '../../src/api/caller.ts';
import { createEraser, requestErasure } from '../../src/erasure/eraser.ts';
import { type FindPersonInApp, findPersonBy } from '../../src/erasure/person-ids.ts';
import { cleanUp } from '../support/clean-up.ts';
import { connect, initProject, LIMITS_OFF, makeConfig } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';

const config = makeConfig(LIMITS_OFF);
const { project_id: projectId, app_id: first, server_key: key } = await initProject(config);
const server = await startOpenServer(config);
cleanUp(() => server.stop());
const api = connect(server.url);
const second: string = (await api.call('POST', '/v1/apps', { key, body: { name: 'Two', platform: 'web' } }))
  .body.id;

async function send(app_id: string, event: object): Promise<void> {
  const timestamp = '2026-11-01T00:00:00Z';
  const body = { app_id, events: [{ event_name: 'opened', timestamp, ...event }] };
  const answer = await api.call('POST', '/v1/events', { key, body });
  assert.equal(answer.body.accepted, 1, answer.text);
}

/** Starts an eraser beside the server's, which finds people with `findPerson`. */
function startEraser(findPerson: FindPersonInApp) {
  const { warehouse, control, audit, clock, erasureKey, tombstones, log } = server.services;
  const eraser = createEraser({ control, audit, clock, erasureKey, tombstones, log });
  eraser.start({
    ...{ warehouse, findPerson },
    ...{ invalidateDays: async () => {}, forgetPerson: async () => {} },
  });
  return eraser;
}

it('erases the person an ID gets linked to while the erasure is being planned, in every app', async () => {
  await send(second, { app_user_id: 'device' });
  await send(first, { app_user_id: 'bob' });
  await send(second, { app_user_id: 'eve' });
  const find = findPersonBy(server.services.warehouse);
  let isLinked = false;
  // The link arrives after the profile was looked up, and before the app is searched.
  const findPerson: FindPersonInApp = async (user) => {
    if (!isLinked && user.appId === second) {
      isLinked = true;
      const properties = { anonymous_id: 'device' };
      await send(second, { event_name: '$identify', app_user_id: 'bob', properties });
    }
    return await find(user);
  };
  const eraser = startEraser(findPerson);
  const request = { projectId, appIds: [first, second], appUserId: 'device' };
  const { id } = await requestErasure(server.services, request, CLI_REQUESTER);
  const erasure = await eraser.run(id, 60_000);
  await eraser.stop();
  assert.notEqual(erasure?.doneAt, null);
  const { body } = await api.call('GET', '/v1/events?app_id=all', { key });
  const left = body.data.map(({ app_user_id }: { app_user_id: string }) => app_user_id);
  assert.deepEqual(left, ['eve']);
});

it('erases the person of an ID without events also after an attempt that failed', async () => {
  const properties = { anonymous_id: 'tablet' };
  await send(first, { event_name: '$identify', app_user_id: 'gus', properties });
  const { tombstones, warehouse } = server.services;
  const find = findPersonBy(warehouse);
  let failures = 0;
  const findPerson: FindPersonInApp = async (user) => {
    // The IDs of the person are refused by then, and nothing is deleted.
    if (failures === 0 && tombstones.isErased(first, 'gus', 0)) {
      failures += 1;
      throw new Error('injected');
    }
    return await find(user);
  };
  const eraser = startEraser(findPerson);
  const request = { projectId, appIds: [first], appUserId: 'tablet' };
  const { id } = await requestErasure(server.services, request, CLI_REQUESTER);
  let erasure = await eraser.run(id, 60_000);
  if (erasure?.doneAt === null) erasure = await eraser.run(id, 60_000);
  await eraser.stop();
  assert.equal(failures, 1);
  assert.deepEqual([erasure?.events, erasure?.doneAt === null], [1, false]);
});
