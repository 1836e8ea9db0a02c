import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import type { MembershipStatus } from './membership.ts';
import { createWatcher } from './membership-watcher.ts';

const READ_MS = 250;

it('returns the status a request was authenticated with until the next read', async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  let stored: MembershipStatus = { isSignedIn: true, role: 'analyst' };
  const { poll, close } = createWatcher(async () => stored);
  const read = async () => {
    mock.timers.tick(READ_MS);
    await Promise.resolve();
  };
  const [first, second]: [MembershipStatus, MembershipStatus] = [
    { ...stored },
    { isSignedIn: true, role: 'developer' },
  ];
  assert.deepEqual(poll('ses_1', 'proj_1', first), first);
  stored = { isSignedIn: true, role: undefined };
  assert.deepEqual(poll('ses_1', 'proj_1', first), first, 'not read yet');
  await read();
  assert.deepEqual(poll('ses_1', 'proj_1', first), stored, 'the first status is outdated');
  // The role is given back, and a stream is opened with it, before the next read.
  assert.deepEqual(poll('ses_1', 'proj_1', second), second);
  stored = second;
  await read();
  assert.deepEqual(poll('ses_1', 'proj_1', second), stored);
  stored = { isSignedIn: false, role: undefined };
  await read();
  assert.deepEqual(poll('ses_1', 'proj_1', second), stored, 'and a status counts only once');
  close();
  mock.timers.reset();
});
