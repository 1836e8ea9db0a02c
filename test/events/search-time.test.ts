import assert from 'node:assert/strict';
import { it } from 'node:test';
import { QUERY_TIMEOUT_MS } from '../../src/warehouse/engine/gateway.ts';
import { cleanUp } from '../support/clean-up.ts';
import { connect, initProject, makeConfig } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';

const config = makeConfig();
const { server_key: key } = await initProject(config);
/** The timeout of each statement, in order. */
const limits: (number | undefined)[] = [];
const { url, stop } = await startOpenServer(config, undefined, ({ warehouse }) => ({
  warehouse: {
    ...warehouse,
    query(sql, params, options) {
      limits.push(options?.timeoutMs);
      return warehouse.query(sql, params, options);
    },
  },
}));
cleanUp(stop);

it('gives a search in several slices no more time than any other query', async () => {
  const { status, text } = await connect(url).call('GET', '/v1/events?event_name=none', { key });
  assert.equal(status, 200, text);
  assert.ok(limits.length > 1, 'an empty range takes several slices');
  let before = QUERY_TIMEOUT_MS;
  for (const limit of limits) {
    assert.ok(limit !== undefined && limit > 0 && limit <= before, `${limit} ms after ${before} ms`);
    before = limit;
  }
  assert.ok(before < QUERY_TIMEOUT_MS);
});
