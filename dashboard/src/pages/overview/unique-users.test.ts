import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countUniqueUsers } from './unique-users.ts';

test('counts each person of the range once, although values overlap', () => {
  const [ios, web] = [
    { value: 'ios', users: 2, share: 2 / 3 },
    { value: 'web', users: 2, share: 2 / 3 },
  ];
  assert.equal(countUniqueUsers({ data: [ios, web], other: { users: 0, share: 0 } }), 3);
});

test('is exact for every number of users', () => {
  for (const whole of [1, 3, 7, 49, 999, 1_000_003, 123_456_789, 9_007_199_254]) {
    for (const part of [1, Math.ceil(whole / 3), whole]) {
      const data = [{ value: null, users: part, share: part / whole }];
      assert.equal(countUniqueUsers({ data, other: { users: 0, share: 0 } }), whole, `${part} of ${whole}`);
    }
  }
});

test('is zero without events', () => {
  assert.equal(countUniqueUsers({ data: [], other: { users: 0, share: null } }), 0);
});
