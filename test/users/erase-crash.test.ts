import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { initByCli, runCli, startServerProcess } from '../support/child-processes.ts';
import { findFreePort } from '../support/free-port.ts';
import { LIMITS_OFF, makeTempDir } from '../support/harness.ts';
import { until } from '../support/until.ts';

const EVENTS = 90;

it('is finished after a kill at any moment, loses nothing else, and the command erases with and without a server', async () => {
  const env = {
    ...LIMITS_OFF,
    ...{ APPFLOW_DATA_DIR: makeTempDir(), PORT: String(await findFreePort()), LOG_LEVEL: 'fatal' },
  };
  const { server_key: key, app_id, project_id } = await initByCli(env);
  let server = await startServerProcess(env);
  const send = async (app_user_id: string, count: number) => {
    const events = Array.from({ length: count }, (_, index) => ({
      ...{ event_name: 'opened', app_user_id, event_id: `${app_user_id}-${index}` },
      timestamp: '2026-11-01T00:00:00Z',
    }));
    const { body, text } = await server.call('POST', '/v1/events', { key, body: { events } });
    assert.equal(body.accepted, count, text);
  };
  const countOf = async (user: string) => {
    const path = `/v1/events?app_user_id=${user}&limit=100`;
    return (await server.call('GET', path, { key })).body.data.length;
  };
  const countRequests = async () =>
    (await server.call('GET', '/v1/audit-log?action=user.erased', { key })).body.data.length;
  try {
    await send('bystander', 7);
    let requests = 0;
    for (const delayMs of [20, 300]) {
      const user = `person-${delayMs}`;
      await send(user, EVENTS);
      const killed = server
        .call('DELETE', `/v1/users/${user}?app_id=${app_id}`, { key })
        .catch(() => undefined);
      await setTimeout(delayMs);
      await server.kill();
      await killed;
      server = await startServerProcess(env);
      const isRequested = (await countRequests()) > requests;
      requests = await countRequests();
      if (isRequested) await until('erased', async () => (await countOf(user)) === 0);
      else assert.equal(await countOf(user), EVENTS);
      assert.equal(await countOf('bystander'), 7);
      assert.deepEqual((await server.call('GET', '/readyz')).status, 200);
    }
    await send('person-cli', 3);
    const beside = await runCli(['users', 'erase', 'person-cli', '--app', app_id, '--yes'], env);
    assert.deepEqual(
      [beside.code, beside.stdout],
      [0, 'Erased "person-cli": 3 events with 1 of their IDs.\n'],
    );
    assert.equal(await countOf('person-cli'), 0);
    assert.equal((await runCli(['rebuild'], env)).code, 1, 'not while a server runs');
    assert.equal(await server.stop(), 0);
    const unconfirmed = await runCli(['users', 'erase', 'bystander', '--app', app_id], env);
    assert.equal(unconfirmed.code, 2);
    const alone = await runCli(['users', 'erase', 'bystander', '--app', app_id, '--yes', '--json'], env);
    assert.equal(JSON.parse(alone.stdout).erased.events, 7, alone.stderr);
    const rebuilt = await runCli(['rebuild'], env);
    assert.equal(rebuilt.code, 0, rebuilt.stderr);
    const unknown = await runCli(['rebuild', '--project', 'proj_x'], env);
    assert.match(unknown.stderr, /There is no project proj_x/);
    assert.equal(unknown.code, 2);
    const one = await runCli(['rebuild', '--project', project_id], env);
    assert.match(one.stdout, /rollups of all days of "/, one.stderr);
    server = await startServerProcess(env);
    assert.equal(await countOf('bystander'), 0);
    const { body } = await server.call('POST', '/v1/events', {
      key,
      body: {
        events: [{ event_name: 'opened', app_user_id: 'bystander', timestamp: '2026-11-01T00:00:00Z' }],
      },
    });
    assert.equal(body.rejected[0].code, 'user_erased');
  } finally {
    await server.kill();
  }
});
