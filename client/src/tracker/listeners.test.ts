import assert from 'node:assert/strict';
import { it } from 'node:test';
import { connectTracker } from '../../../test/client/scripted-clients.ts';
import { startScriptedServer, stored } from '../../../test/client/scripted-server.ts';
import { GLOBALS } from '../runtime/environment.ts';

it('logs mistakes to the console in development and with debug, and not otherwise', async (t) => {
  const { __DEV__ } = GLOBALS;
  const warn = t.mock.method(console, 'warn', () => undefined);
  t.after(() => Object.assign(GLOBALS, { __DEV__ }));
  const world = await startScriptedServer(({ body }) => stored(body));
  for (const [development, debug, count] of [
    [false, false, 0],
    [true, false, 1],
    [false, true, 1],
  ] as const) {
    warn.mock.resetCalls();
    GLOBALS.__DEV__ = development;
    const appflow = connectTracker(world, { debug });
    appflow.track('Not a name');
    assert.equal(appflow.stats().dropped, 1);
    const warnings = warn.mock.calls.map(({ arguments: [text] }) => text);
    assert.deepEqual(warnings, Array(count).fill('Appflow: dropped 1: invalid_event_name'));
  }
});
