import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startServer } from '../../src/server/start.ts';
import { openBrowser, PASSWORD, setUp, tokenOf } from '../support/browser.ts';
import { initProject, makeConfig } from '../support/harness.ts';

it('logs no passwords, link tokens or session tokens, and prints a new setup link at each start', async () => {
  const config = { ...makeConfig(), logLevel: 'trace' };
  await initProject(config);
  const lines: string[] = [];
  const logTo = { write: (line: string) => lines.push(line) };
  const first = await startServer(config, {}, logTo);
  const voided = tokenOf(first.setupUrl);
  await first.stop();

  const server = await startServer(config, {}, logTo);
  assert.notEqual(tokenOf(server.setupUrl), voided);
  const old = { token: voided, name: 'Stranger', email: 'stranger@example.com', password: PASSWORD };
  assert.equal((await openBrowser(server.url).call('POST', '/app/v1/setup', { body: old })).status, 404);
  const browser = await setUp(server.url, server.setupUrl);
  await browser.call('POST', '/app/v1/sign-in', {
    body: { email: 'owner@example.com', password: 'guess guess guess' },
  });
  await browser.call('POST', '/app/v1/sign-in', { body: { email: 1, password: PASSWORD } });
  const [, session = ''] = browser.cookie().split('=');
  await server.stop();

  const again = await startServer(config, {}, logTo);
  assert.equal(again.setupUrl, undefined, 'there is an account now');
  await again.stop();

  const text = lines.join('');
  assert.ok(lines.length > 0);
  for (const secret of [voided, tokenOf(server.setupUrl), session, PASSWORD, 'guess guess guess']) {
    assert.ok(secret.length > 8 && !text.includes(secret));
  }
});
