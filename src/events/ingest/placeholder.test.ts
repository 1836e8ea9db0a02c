import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPlaceholderAppUserId } from './placeholder.ts';

const PLACEHOLDERS =
  'null,nil,none,undefined,unknown,anonymous,guest,user,test,0,-1,nan,[object object],true,false'.split(',');

for (const text of PLACEHOLDERS) {
  test(`treats ${text} as a placeholder in any case and with surrounding spaces`, () => {
    const capitalised = text.charAt(0).toUpperCase() + text.slice(1);
    for (const form of [text, text.toUpperCase(), capitalised, ` ${text}`, `\t${text}\r\n`]) {
      assert.equal(isPlaceholderAppUserId(form), true, JSON.stringify(form));
    }
  });

  test(`accepts an id that only contains ${text}`, () => {
    for (const form of [`${text}1x`, `x${text}`, `${text}_${text}`]) {
      assert.equal(isPlaceholderAppUserId(form), false, form);
    }
  });
}

test('treats the all-zero UUID as a placeholder, with and without dashes', () => {
  for (const form of ['00000000-0000-0000-0000-000000000000', '0'.repeat(32), ` ${'0'.repeat(32)} `]) {
    assert.equal(isPlaceholderAppUserId(form), true, form);
  }
});

test('treats . and .. as placeholders, which no URL can contain', () => {
  for (const form of ['.', '..', ' .. ']) assert.equal(isPlaceholderAppUserId(form), true, form);
  for (const form of ['...', './', '.a', 'a..']) assert.equal(isPlaceholderAppUserId(form), false, form);
});

test('accepts every other id', () => {
  const ids = [
    '00000000-0000-0000-0000-000000000001',
    '0'.repeat(31),
    '0'.repeat(33),
    '00',
    '1',
    '-2',
    'user_123',
  ];
  for (const id of [
    ...ids,
    'u_f81f5cbaa4c49352',
    'тест',
    '[object Window]',
    '000000000000-0000-0000-000000000000',
  ]) {
    assert.equal(isPlaceholderAppUserId(id), false, id);
  }
});
