import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectTracker } from '../../../test/client/scripted-clients.ts';
import { startScriptedServer, stored, type World } from '../../../test/client/scripted-server.ts';
import type { EventContext } from '../api/events.ts';
import { GLOBALS } from '../runtime/environment.ts';
import { detectContext } from './detect-context.ts';

const start = () => startScriptedServer(({ body }) => stored(body));

const contextsOf = ({ seen }: World) => seen.flatMap(({ body }) => body.events).map(({ context }) => context);

/** Calls `setContext` with these changes and tracks an event; returns its context and the errors. */
async function trackWith(options: object, ...changes: unknown[]) {
  const world = await start();
  const appflow = connectTracker(world, options);
  const errors: string[] = [];
  appflow.on('error', ({ code, message }) => errors.push(`${code}: ${message}`));
  for (const each of changes) appflow.setContext(each as EventContext);
  appflow.track('a');
  await world.run(appflow.flush());
  assert.deepEqual(appflow.stats(), { queued: 0, sent: 2, dropped: 0 });
  const { sdk, locale, ...context } = contextsOf(world).at(-1);
  assert.match(sdk, /^appflow-js\//);
  return { context, errors };
}

describe('a context that cannot be sent is reported, and later events still leave', () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const HINT = 'use strings of at most 128 characters.';

  for (const [what, changes] of [
    ['a BigInt', { app_version: 1n }],
    ['a circular object', circular],
    ['a getter that throws', Object.defineProperty({}, 'a', { enumerable: true, get: () => assert.fail() })],
    ['a function', () => undefined],
  ] as const) {
    it(`for ${what}`, async () => {
      const { context, errors } = await trackWith({}, { app_version: '1' }, changes, { country: 'DE' });
      assert.deepEqual(context, { app_version: '1', country: 'DE' });
      assert.deepEqual(errors, [`invalid_context: Ignored context: ${HINT}`]);
    });
  }

  it('for a value that the server would reject: 129 characters or an object; the others are set', async () => {
    const { context, errors } = await trackWith(
      {},
      { app_version: 'x'.repeat(129), os_version: '😀'.repeat(129), device_model: {}, country: 'DE' },
    );
    assert.deepEqual(context, { country: 'DE' });
    assert.deepEqual(
      errors,
      ['app_version', 'os_version', 'device_model'].map(
        (key) => `invalid_context: Ignored context.${key}: ${HINT}`,
      ),
    );
  });

  it('in the constructor', async () => {
    const { context } = await trackWith({ context: { app_version: 1n, platform: 'ios' } });
    assert.deepEqual(context, {});
  });
});

it('numbers become text, 128 characters fit, null removes a value, undefined changes nothing', async () => {
  const longest = '😀'.repeat(128);
  const { context, errors } = await trackWith(
    { context: { country: 'DE', app_version: '1' } },
    { os_version: 34, device_model: longest, country: null, app_version: undefined },
  );
  assert.deepEqual(errors, []);
  assert.deepEqual(context, { os_version: '34', device_model: longest, app_version: '1' });
});

it('the app may change its object after the call', async () => {
  const world = await start();
  const appflow = connectTracker(world);
  const changes: EventContext = { country: 'DE' };
  appflow.setContext(changes);
  changes.country = 'FR';
  appflow.track('a');
  await world.run(appflow.flush());
  assert.equal(contextsOf(world)[0].country, 'DE');
});

describe('what the tracker detects', () => {
  const android = { OS: 'android', Version: 34, constants: { Release: '14', Model: 'Pixel 8' } };

  it("in React Native: platform, OS version and model of the Platform that was passed, and the device's locale", async () => {
    assert.deepEqual((await trackWith({ platform: android })).context, {
      platform: 'android',
      os_version: '14',
      device_model: 'Pixel 8',
    });
    const ios = { OS: 'ios', Version: '17.2' };
    assert.deepEqual((await trackWith({ platform: ios })).context, { platform: 'ios', os_version: '17.2' });
    // Without Release, the API level.
    const { os_version } = (await trackWith({ platform: { OS: 'android', Version: 34 } })).context;
    assert.equal(os_version, '34');
    const { locale } = detectContext(android);
    assert.equal(locale, navigator.language);
  });

  it('the locale by Intl where there is no navigator.language', (t) => {
    t.mock.getter(GLOBALS.navigator ?? {}, 'language', () => undefined);
    assert.equal(detectContext().locale, Intl.DateTimeFormat().resolvedOptions().locale);
  });

  it('in Node: no platform, so that it is that of the app', async () => {
    assert.deepEqual((await trackWith({})).context, {});
  });

  it('is overridden by the context option', async () => {
    const { context } = await trackWith({
      platform: android,
      context: { platform: 'tv', device_model: null },
    });
    assert.deepEqual(context, { platform: 'tv', os_version: '14' });
  });
});
