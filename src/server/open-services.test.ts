import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeClock, makeConfig } from '../../test/support/harness.ts';
import { openControlServices } from './open-services.ts';

const POLL_MS = 250;

it('closes everything else when one step fails, and throws the first failure', async ({ mock }) => {
  mock.timers.enable({ apis: ['setInterval'] });
  let isLogBroken = false;
  const log = {
    write() {
      if (isLogBroken) throw new Error('the log is broken');
    },
  };
  const services = await openControlServices(makeConfig({ LOG_LEVEL: 'warn' }), makeClock(), log);
  const { control, usage } = services;
  const { changeStamp, close } = control;
  let polls = 0;
  control.changeStamp = () => {
    polls += 1;
    return changeStamp();
  };
  let isControlClosed = false;
  control.close = async () => {
    isControlClosed = true;
    await close();
    throw new Error('the second failure');
  };
  mock.timers.tick(POLL_MS);
  assert.equal(polls, 1, 'the directory polls for changes');

  // The last flush of usage fails, and so does logging that failure.
  usage.count(usage.tallyOf('key_x'), 'events', 200);
  await control.db.schema.alterTable('key_usage_hours').renameTo('aside').execute();
  isLogBroken = true;
  await assert.rejects(services.close(), { message: 'the log is broken' });
  polls = 0;
  mock.timers.tick(10 * POLL_MS);
  assert.equal(polls, 0, 'the directory no longer polls');
  assert.equal(isControlClosed, true);
});
