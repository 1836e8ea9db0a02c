import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Route } from '../../src/api/route.ts';
import { createSecret, hintOf } from '../../src/directory/secret.ts';
import { ROUTES } from '../../src/routes.ts';
import { cleanUp } from '../support/clean-up.ts';
import { openStream } from '../support/event-stream.ts';
import { connect, initProject, makeClock, makeConfig } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';
import { nameOf, requestOf } from '../support/route-request.ts';
import { eventRow } from '../support/warehouse-store.ts';

const config = makeConfig();
const { server_key: key, project_id, app_id } = await initProject(config);
const clock = makeClock();
const { url, services, stop } = await startOpenServer(config, clock);
cleanUp(stop);
const api = connect(url);

const pasted = createSecret('server');
const hint = hintOf(pasted);
/** The random part alone is enough to do harm. */
const RANDOM_PART = pasted.slice(7, 50);

async function callWithoutEcho(path: string) {
  const answer = await api.call('GET', path, { key });
  assert.ok(!`${answer.text}${JSON.stringify([...answer.headers])}`.includes(RANDOM_PART), answer.text);
  return answer;
}

const QUERIES = ROUTES.filter(({ method, access }) => method === 'GET' && access !== 'public');

/** Returns the paths that name the key in each of a route's query parameters. */
function listQueries(route: Route): string[] {
  return Object.keys(route.query.properties).flatMap((name) =>
    [pasted, `property:${pasted}`, `${pasted}:x`, `x:${pasted}`].map(
      (value) => requestOf(route, { query: { [name]: value } })[1],
    ),
  );
}

describe('an API key pasted into a request', () => {
  it('comes back as its hint when it is what a breakdown is by', async () => {
    const { status, body } = await callWithoutEcho(`/v1/analytics/breakdown?by=property:${pasted}&days=7`);
    assert.deepEqual([status, body.meta.by], [200, `property:${hint}`]);
  });

  it('is repeated whole by no query parameter of any route', async () => {
    const statuses: number[] = [];
    for (const path of QUERIES.flatMap(listQueries)) {
      const { status } = await callWithoutEcho(path);
      assert.ok(status < 500, path.replaceAll(pasted, hint));
      statuses.push(status);
    }
    assert.ok(statuses.filter((status) => status === 200).length > 20, 'many answers are no refusals');
  });

  it('is answered whole by the two routes that create keys and the settings of SDKs, which repeat a client key', () => {
    const revealing = ROUTES.filter(({ answer }) => answer.revealsKey).map(nameOf);
    assert.deepEqual(revealing, [
      ...['POST /v1/api-keys', 'POST /v1/api-keys/{id}/rotate'],
      ...['GET /array/{write_key}/config.js', 'GET /v1/projects/{write_key}/settings', 'GET /sourceConfig'],
    ]);
  });
});

describe('an API key that an older release stored in an event', () => {
  it('comes back as its hint from search, breakdown, export and live tail', async () => {
    const event_id = 'old-release';
    const position = await readPosition();
    await services.warehouse.append([
      eventRow({
        project_id,
        app_id,
        event_id,
        timestamp: clock.now(),
        received_at: clock.now(),
        properties: JSON.stringify({ note: pasted }),
      }),
    ]);
    const { body } = await callWithoutEcho(`/v1/events?event_id=${event_id}`);
    assert.equal(body.data[0].properties.note, hint);
    for (const format of ['ndjson', 'csv']) {
      const { text } = await callWithoutEcho(`/v1/events?event_id=${event_id}&format=${format}`);
      assert.ok(text.includes(hint), text);
    }
    const { body: ranked } = await callWithoutEcho('/v1/analytics/breakdown?by=property:note&days=7');
    assert.equal(ranked.data[0].value, hint);
    const reader = await openStream(url, key, { lastEventId: position });
    const [message] = await reader.events(1);
    reader.close();
    assert.equal(message?.data.properties.note, hint);
  });
});

/** Returns the position of the live tail now. */
async function readPosition(): Promise<string> {
  const body = { app_id, events: [{ event_name: 'first', app_user_id: 'u1' }] };
  const reader = await openStream(url, key);
  await api.call('POST', '/v1/events', { key, body });
  await reader.events(1);
  reader.close();
  return reader.lastId();
}
