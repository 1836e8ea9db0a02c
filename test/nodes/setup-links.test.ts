import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startServer } from '../../src/server/start.ts';
import { openBrowser, PASSWORD, setUp, tokenOf } from '../support/browser.ts';
import { cleanUp } from '../support/clean-up.ts';
import { findFreePort } from '../support/free-port.ts';
import { makeConfig } from '../support/harness.ts';
import { makeCluster } from '../support/nodes.ts';

const cluster = await makeCluster();

async function startNode() {
  const nodeUrl = `http://127.0.0.1:${await findFreePort()}`;
  const server = await startServer(makeConfig({ ...cluster.env, APPFLOW_NODE_URL: nodeUrl }));
  cleanUp(server.stop);
  return server;
}

it('works for the link of each node, although another one started later, until there is an account', async () => {
  const [first, second, third] = [await startNode(), await startNode(), await startNode()];
  await setUp(first.url, first.setupUrl);
  for (const { setupUrl } of [second, third]) {
    const body = { token: tokenOf(setupUrl), name: 'Other', email: 'other@example.com', password: PASSWORD };
    const answer = await openBrowser(second.url).call('POST', '/app/v1/setup', { body });
    assert.equal(answer.status, 404, answer.text);
  }
  assert.equal((await startNode()).setupUrl, undefined);
});
