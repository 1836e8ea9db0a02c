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

it("reads a member again only after the last read, and returns 'unknown' while a read takes longer than 350 ms", async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  let nowMs = 0;
  const answers: ((status: MembershipStatus) => void)[] = [];
  const read = () => new Promise<MembershipStatus>((resolve) => answers.push(resolve));
  const { poll, close } = createWatcher(read, () => nowMs);
  const known: MembershipStatus = { isSignedIn: true, role: 'analyst' };
  const advance = (ms: number) => {
    nowMs += ms;
    mock.timers.tick(ms);
  };
  const answer = async (status: MembershipStatus) => {
    answers.at(-1)?.(status);
    await Promise.resolve();
    await Promise.resolve();
  };
  assert.deepEqual(poll('ses_1', 'proj_1', known), known);
  advance(READ_MS);
  nowMs += 350;
  assert.deepEqual(poll('ses_1', 'proj_1', known), known, 'the read began 350 ms ago');
  nowMs += 1;
  assert.equal(poll('ses_1', 'proj_1', known), 'unknown');
  advance(READ_MS);
  assert.equal(answers.length, 1, 'a read under way is not repeated');
  assert.equal(poll('ses_1', 'proj_1', known), 'unknown');
  await answer(known);
  assert.deepEqual(poll('ses_1', 'proj_1', known), known);
  const lost: MembershipStatus = { isSignedIn: false, role: undefined };
  advance(READ_MS);
  assert.equal(answers.length, 2);
  // A stream is opened meanwhile: its request is newer than the read.
  nowMs += 1;
  const newer: MembershipStatus = { isSignedIn: true, role: 'developer' };
  assert.deepEqual(poll('ses_1', 'proj_1', newer), newer);
  await answer(lost);
  assert.deepEqual(poll('ses_1', 'proj_1', newer), newer);
  advance(READ_MS);
  await answer(lost);
  assert.deepEqual(poll('ses_1', 'proj_1', newer), lost);
  close();
  mock.timers.reset();
});
