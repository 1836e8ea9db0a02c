import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newId } from '../../src/lib/id.ts';
import { type Answer, initProject, makeKey, startTestServer } from '../support/harness.ts';
import { type Changes, GUARDED, idParamOf, nameOf, naming, requestOf } from '../support/route-request.ts';

const api = await startTestServer();
const mine = api.project;
const theirs = await initProject(api.config);
const theirKey = await makeKey({ ...api, project: theirs }, { type: 'client' });
const second = await api.call('POST', '/v1/apps', {
  key: mine.server_key,
  body: { name: 'Second', platform: 'web' },
});
const secondApp: string = second.body.id;
const unrestricted = await makeKey(api, { type: 'client' });
const restricted = await makeKey(api, { type: 'server', app_ids: [secondApp] });
const inFirst = await makeKey(api, { type: 'client', app_ids: [mine.app_id] });

/** Asserts that two responses are equal except for their request ids. */
function assertSame(one: Answer, other: Answer): void {
  const plain = ({ text, headers }: Answer) => {
    const { 'x-request-id': id = '', date, ...rest } = Object.fromEntries(headers);
    return { text: text.replace(id, 'REQUEST_ID'), headers: rest };
  };
  assert.equal(one.status, other.status);
  assert.deepEqual(plain(one), plain(other));
}

for (const route of GUARDED) {
  const send = (key: string, changes: Changes) => {
    const [method, path, options] = requestOf(route, changes);
    return api.call(method, path, { ...options, key });
  };
  const id = idParamOf(route);

  describe(nameOf(route), () => {
    if (id) {
      const byId = (key: string, value: string) => send(key, { params: { [id.name]: value } });

      it('returns the same 404 for an id in another project as for a missing id', async () => {
        const foreign = await byId(mine.server_key, id.kind === 'app' ? theirs.app_id : theirKey.id);
        assert.equal(foreign.status, 404);
        assert.equal(foreign.body.code, 'not_found');
        assertSame(foreign, await byId(mine.server_key, newId(id.kind)));
        assertSame(foreign, await byId(restricted.key, id.kind === 'app' ? theirs.app_id : theirKey.id));
        assertSame(foreign, await byId(mine.server_key, 'anything else'));
      });

      it('rejects a key that is restricted to other apps', async () => {
        const ids = id.kind === 'app' ? [mine.app_id] : [unrestricted.id, inFirst.id];
        for (const one of ids) {
          const answer = await byId(restricted.key, one);
          assert.equal(answer.status, 403, answer.text);
          assert.equal(answer.body.code, 'app_not_allowed');
        }
      });
    }

    if (route.app) {
      it('returns the same 404 for an app in another project as for a missing app', async () => {
        const foreign = await send(mine.server_key, naming(route, theirs.app_id));
        assert.equal(foreign.status, 404, foreign.text);
        assert.equal(foreign.body.code, 'not_found');
        assertSame(foreign, await send(mine.server_key, naming(route, newId('app'))));
        assertSame(foreign, await send(mine.server_key, naming(route, '')));
      });

      it("rejects apps outside the key's restriction and accepts those inside it", async () => {
        const answer = await send(restricted.key, naming(route, mine.app_id));
        assert.equal(answer.status, 403);
        assert.equal(answer.body.code, 'app_not_allowed');
        assert.equal((await send(restricted.key, naming(route, secondApp))).status, route.answer.status);
        assert.equal((await send(restricted.key, {})).status, route.answer.status);
      });
    }
  });
}

describe('project isolation', () => {
  it("lists only the apps and keys of the key's own project", async () => {
    for (const path of ['/v1/apps', '/v1/api-keys']) {
      const { body } = await api.call('GET', path, { key: theirs.server_key });
      assert.ok(body.data.length > 0);
      for (const { project_id } of body.data) assert.equal(project_id, theirs.project_id);
    }
  });

  it('lists only the apps and keys that a restricted key has access to', async () => {
    const apps = await api.call('GET', '/v1/apps', { key: restricted.key });
    assert.deepEqual(
      apps.body.data.map(({ id }: { id: string }) => id),
      [secondApp],
    );
    const keys = await api.call('GET', '/v1/api-keys', { key: restricted.key });
    assert.deepEqual(
      keys.body.data.map(({ id }: { id: string }) => id),
      [restricted.id],
    );
  });

  it('never returns events of another project, whatever the filters', async () => {
    const events = [{ event_id: 'theirs', event_name: 'seen', app_user_id: 'u1' }];
    await api.call('POST', '/v1/events', { key: theirs.client_key, body: { events } });
    for (const search of ['', '?event_id=theirs', '?event_name=seen', '?app_user_id=u1']) {
      const { body } = await api.call('GET', `/v1/events${search}`, { key: mine.server_key });
      assert.ok(!body.data.some((event: { event_id: string }) => event.event_id === 'theirs'));
    }
  });

  it('prevents a key restricted to some apps from changing the whole project', async () => {
    for (const [method, path, body] of [
      ['PATCH', '/v1/project', { name: 'Mine now' }],
      ['POST', '/v1/apps', { name: 'Third', platform: 'ios' }],
    ] as const) {
      const answer = await api.call(method, path, { key: restricted.key, body });
      assert.equal(answer.status, 403);
      assert.equal(answer.body.code, 'app_not_allowed');
    }
  });
});
