import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { signInFlood } from '../attacks/sign-in-flood.ts';
import { openBrowser, PASSWORD, setUp } from '../support/browser.ts';
import { startChildServer } from '../support/child-server.ts';
import { initProject, makeConfig } from '../support/harness.ts';

const FLOOD_MS = 8_000;
const EMAIL = 'owner@example.com';

it('stores events as fast as before, and lets the owner in, while forty connections guess passwords', async (context) => {
  const config = makeConfig();
  const { client_key, app_id } = await initProject(config);
  const server = await startChildServer({
    APPFLOW_DATA_DIR: config.dataDir,
    TRUSTED_PROXIES: '127.0.0.1',
    LOG_LEVEL: 'silent',
    APPFLOW_LIMIT_SIGN_IN: '',
  });
  const findSetupUrl = () => /http\S+\/setup#\S+/.exec(server.output())?.[0];
  while (findSetupUrl() === undefined) await sleep(50);
  const setupUrl = findSetupUrl();
  const owner = await setUp(server.url, setupUrl);
  let sent = 0;
  const sendEvent = async () => {
    sent += 1;
    const event = { event_id: `flood-${sent}`, event_name: 'app_open', app_user_id: 'user', app_id };
    const startedAt = performance.now();
    const answer = await server.call('POST', '/v1/events', { key: client_key, body: { events: [event] } });
    assert.equal(answer.status, 200, answer.text);
    return performance.now() - startedAt;
  };
  /** Returns the median time of an event that is sent every 20 ms, in milliseconds. */
  const measureIngest = async (durationMs: number) => {
    const times: number[] = [];
    for (const endsAt = performance.now() + durationMs; performance.now() < endsAt; await sleep(20))
      times.push(await sendEvent());
    return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
  };
  await measureIngest(1_000);
  const before = await measureIngest(3_000);
  const person = { email: EMAIL, password: PASSWORD };
  const target = {
    url: server.url,
    clientKey: client_key,
    readKey: '',
    serverKey: '',
    appId: app_id,
    person,
  };
  const flooding = signInFlood.run(target, AbortSignal.timeout(FLOOD_MS));
  await sleep(500);
  const during = await measureIngest(FLOOD_MS - 2_500);
  const signInStartedAt = performance.now();
  const known = openBrowser(server.url, { cookie: owner.cookie(), 'x-forwarded-for': '203.0.113.1' });
  const { status } = await known.call('POST', '/app/v1/sign-in', { body: person });
  const signInMs = performance.now() - signInStartedAt;
  context.diagnostic(
    `ingest p50 ${before.toFixed(1)} ms, in the flood ${during.toFixed(1)} ms; owner ${signInMs.toFixed(0)} ms`,
  );
  context.diagnostic(await flooding);
  assert.equal(status, 200, 'the owner signs in from a browser that did before');
  // Hashes in the thread pool made it 180 times as slow. The rest is two processes that share the machine's processors.
  assert.ok(during < Math.max(10 * before, 150), `${before} ms before, ${during} ms in the flood`);
});
