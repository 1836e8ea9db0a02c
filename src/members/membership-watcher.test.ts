import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import type { MembershipStatus } from './membership.ts';
import { createWatcher } from './membership-watcher.ts';

const READ_MS = 250;

it('takes the word of who was just let in, until the next reading', async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  let stored: MembershipStatus = { isSignedIn: true, role: 'analyst' };
  const { poll: look, close } = createWatcher(async () => stored);
  const read = async () => {
    mock.timers.tick(READ_MS);
    await Promise.resolve();
  };
  const [first, second]: [MembershipStatus, MembershipStatus] = [
    { ...stored },
    { isSignedIn: true, role: 'developer' },
  ];
  assert.deepEqual(look('ses_1', 'proj_1', first), first);
  stored = { isSignedIn: true, role: undefined };
  assert.deepEqual(look('ses_1', 'proj_1', first), first, 'not read yet');
  await read();
  assert.deepEqual(look('ses_1', 'proj_1', first), stored, 'what the first knew is old');
  // The role is given back, and a stream opened with it, before that is read.
  assert.deepEqual(look('ses_1', 'proj_1', second), second);
  stored = second;
  await read();
  assert.deepEqual(look('ses_1', 'proj_1', second), stored);
  stored = { isSignedIn: false, role: undefined };
  await read();
  assert.deepEqual(look('ses_1', 'proj_1', second), stored, 'and its word counts only once');
  close();
  mock.timers.reset();
});
