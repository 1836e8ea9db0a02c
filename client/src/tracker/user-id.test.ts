import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseEvent } from '../../../src/events/ingest/event.ts';
import { isPlaceholderAppUserId } from '../../../src/events/ingest/placeholder.ts';
import { isAppUserId } from './user-id.ts';

it('the tracker and the server reject the same placeholder user IDs', () => {
  const words = 'null nil none undefined unknown anonymous guest user test 0 -1 nan true false . ..'.split(
    ' ',
  );
  const zeros = ['00000000-0000-0000-0000-000000000000', '0'.repeat(32)];
  for (const id of [
    ...words,
    ...words.map((word) => ` ${word.toUpperCase()} `),
    '[object Object]',
    ...zeros,
  ]) {
    assert.deepEqual([isAppUserId(id), isPlaceholderAppUserId(id)], [false, true], id);
  }
  for (const id of ['u', '1', '00', 'users', 'nullable', 'user_1', '0000', 'anon_1']) {
    assert.deepEqual([isAppUserId(id), isPlaceholderAppUserId(id)], [true, false], id);
  }
});

it('the tracker and the server agree on the length in bytes, half characters, NUL and IDs without a visible character', () => {
  const cases: [id: string, isValid: boolean][] = [
    ['x'.repeat(256), true],
    ['x'.repeat(257), false],
    ['я'.repeat(128), true],
    ['я'.repeat(129), false],
    ['😀'.repeat(64), true],
    ['😀'.repeat(65), false],
    ['%'.repeat(256), true],
    ['u\0', false],
    ['\0', false],
    ['u\ud83d', false],
    [' \u200b\u2060 ', false],
    ['\t\x1f', false],
    ['\u200bя', true],
    ['é u', true],
  ];
  for (const [id, isValid] of cases) {
    const event = { event_name: 'a', app_user_id: id };
    const parsed = parseEvent(event, BATCH, () => ({ id: 'app_1', currency: 'USD', platform: 'ios' }));
    assert.deepEqual([isAppUserId(id), 'row' in parsed], [isValid, isValid], JSON.stringify(id));
  }
});

const BATCH = {
  projectId: 'p',
  keyId: 'k',
  verified: 0,
  receivedAt: Date.now(),
  sentAt: undefined,
  country: undefined,
} as const;
