import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cleanUp } from '../support/clean-up.ts';
import { startFront } from '../support/clickhouse-front.ts';
import { findFreePort } from '../support/free-port.ts';
import { startTestServer } from '../support/harness.ts';
import { startProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const port = Number(new URL(startFront()).port);
const proxy = await startProxy(port);
cleanUp(proxy[Symbol.asyncDispose]);
const api = await startTestServer({ CLICKHOUSE_URL: `http://127.0.0.1:${proxy.port}` });
const { server_key: key } = api.project;

let made = 0;
/** Ten events, one of them of long ago, so that the block becomes two parts. */
const makeBatch = () =>
  Array.from({ length: 10 }, (_, index) => {
    made += 1;
    const timestamp = index === 0 ? '2001-01-01T00:00:00Z' : new Date().toISOString();
    return { event_id: `e${made}`, event_name: 'app_open', app_user_id: `u${index}`, timestamp };
  });
const send = (events: object[]) => api.call('POST', '/v1/events', { key, body: { events } });
async function countEvents(): Promise<number> {
  const answers = ['days=1', 'start=2001-01-01&end=2001-01-01'].map((range) =>
    api.call('GET', `/v1/analytics/daily?${range}&metrics=events`, { key }),
  );
  return (await Promise.all(answers)).reduce((sum, { body }) => sum + body.data[0].events, 0);
}
/** In the URL of each insert of a block: into events, their IDs and users. */
const INSERT = 'insert_deduplication_token';

describe('events on a ClickHouse server', () => {
  for (const fate of ['before', 'after'] as const) {
    for (const [nth, table] of ['events', 'event_ids or users', 'users or event_ids'].entries()) {
      it(`count once although the connection is lost ${fate} an insert into ${table}`, async () => {
        proxy.breakAt(INSERT, fate, nth + 1);
        const { status, body } = await send(makeBatch());
        assert.deepEqual([status, body.accepted, body.duplicates], [200, 10, 0]);
        assert.equal(await countEvents(), made);
      });
    }
  }

  it('are refused with 503 while it is away, like queries, and accepted again by themselves, each once', async () => {
    proxy.retarget(await findFreePort());
    proxy.drop();
    const batch = makeBatch();
    const refused = await send(batch);
    assert.deepEqual([refused.status, refused.body.code], [503, 'storage_unavailable']);
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
    const query = await api.call('GET', '/v1/analytics/daily?days=1', { key });
    assert.deepEqual([query.status, query.body.code], [503, 'storage_unavailable']);
    const isReady = async () => (await api.call('GET', '/readyz')).body.status === 'ok';
    await until('it is not ready', async () => !(await isReady()));
    assert.equal((await api.call('GET', '/v1/api-keys/self', { key })).status, 200, 'keys need no events');
    proxy.retarget(port);
    await until('they are accepted', async () => (await send(batch)).status === 200);
    const { body } = await send(batch);
    assert.deepEqual([body.accepted, body.duplicates], [0, 10]);
    assert.equal(await countEvents(), made);
    await until('it is ready', isReady);
  });

  it('are accepted over new connections soon after all connections have gone silent, each once', async () => {
    assert.equal(await countEvents(), made);
    proxy.swallow();
    const batch = makeBatch();
    const started = performance.now();
    await until('they are accepted', async () => (await send(batch)).status === 200);
    assert.equal(await countEvents(), made);
    assert.ok(performance.now() - started < 45_000, String(performance.now() - started));
  });
});
