import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isGuessable } from './guessable.ts';

it('finds passwords made of common words, sequences, years and repetitions', () => {
  for (const password of [
    'passwordpassword',
    'Password Password',
    'P4$$w0rd-P4$$w0rd',
    'password1234',
    'administrator1',
    'letmein123456',
    'aaaaaaaaaaaa',
    'abcabcabcabc',
    'k9Xq7k9Xq7k9Xq7',
    '123456789012',
    'qwertyuiopasdf',
    'zyxwvutsrqpo',
    'Summer2026Summer2026',
    'appflow-admin-2026',
    '            ',
    'ééééééééééé1',
  ])
    assert.equal(isGuessable(password), true, password);
});

it('accepts phrases, even with one common word, and random characters', () => {
  for (const password of [
    'correct horse battery staple',
    'another long password',
    'a new long password',
    'Xk3!qz9-Lm2w',
    'mein Fahrrad ist blau',
    'пароль из слов',
    '密码由很多不同的汉字组成吧',
  ])
    assert.equal(isGuessable(password), false, password);
});

// Formats are checked before lengths: a body of 64 KB from an anonymous sender blocked the server for seconds.
it('checks nothing longer than the longest password', () => {
  for (const longest of ['a'.repeat(128), '😀'.repeat(128)]) assert.equal(isGuessable(longest), true);
  assert.equal(isGuessable('a'.repeat(257)), false);
});

it('needs six characters beside what is common', () => {
  assert.equal(isGuessable('passwordkzvtq'), true);
  assert.equal(isGuessable('passwordkzvtqx'), false);
  assert.equal(isGuessable('ab'.repeat(64)), true);
});
