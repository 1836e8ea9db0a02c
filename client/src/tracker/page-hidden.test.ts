import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { connectTracker } from '../../../test/client/scripted-clients.ts';
import { startScriptedServer, stored } from '../../../test/client/scripted-server.ts';
import type { Fetch } from '../http/transport.ts';
import { GLOBALS } from '../runtime/environment.ts';

const start = () => startScriptedServer(({ body }) => stored(body));

/** Simulates a page that is being hidden, until the test is over. */
function simulatePage(t: TestContext) {
  const page = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
  const { addEventListener } = GLOBALS;
  t.after(() => Object.assign(GLOBALS, { document: undefined, addEventListener }));
  Object.assign(GLOBALS, { document, addEventListener: page.addEventListener.bind(page) });
  return { page, document };
}

it('a page that is hidden and then closed sends each event once, including events tracked in between', async (t) => {
  const { page, document } = simulatePage(t);
  const world = await start();
  const keepalives: (boolean | undefined)[] = [];
  const fetch: Fetch = (url, init) => {
    keepalives.push(init.keepalive);
    return world.fetch(url, init);
  };
  const appflow = connectTracker(world, { storage: undefined, fetch });
  appflow.track('a');
  document.dispatchEvent(new Event('visibilitychange'));
  appflow.track('b');
  page.dispatchEvent(new Event('pagehide'));
  await world.settle();
  const names = world.seen.map(({ body }) =>
    body.events.map((each: { event_name: string }) => each.event_name),
  );
  assert.deepEqual(names.sort(), [['$session_start', 'a'], ['b']]);
  assert.deepEqual(appflow.stats(), { queued: 0, sent: 3, dropped: 0 });
  assert.deepEqual(keepalives, [true, true], 'the requests outlive the page');
});

it('the last request of a page contains what fits into 60,000 bytes; a larger event is skipped', async (t) => {
  const { document, page } = simulatePage(t);
  const world = await start();
  const appflow = connectTracker(world, { storage: undefined });
  for (const [name, length] of [
    ['fits', 20_000],
    ['wide', 25_000],
    ['last', 100],
  ] as const)
    appflow.track(name, { text: (name === 'wide' ? 'ü' : 'a').repeat(length) });
  document.dispatchEvent(new Event('visibilitychange'));
  await world.settle();
  const sent = () => world.seen.flatMap(({ body }) => body.events).map(({ event_name }) => event_name);
  assert.deepEqual(sent(), ['$session_start', 'fits', 'last']);
  assert.ok(JSON.stringify(world.seen[0]?.body).length < 64_000);
  page.dispatchEvent(new Event('pagehide'));
  await world.settle();
  assert.deepEqual(sent().slice(3), ['wide']);
});
