import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseKeepingDigits } from '../../lib/exact-json.ts';
import { type Fields, readText, toMoney, toName, toSentAt, toSetId, toTime } from './event-parts.ts';

it('keeps times that are numbers, and reads seconds as such', () => {
  const ms = Date.parse('2026-11-28T12:00:00Z');
  for (const read of [toTime, toSentAt]) for (const sent of [ms, ms / 1_000]) assert.equal(read(sent), ms);
  assert.equal(toTime('2026-11-28T12:00:00Z'), '2026-11-28T12:00:00Z');
  for (const sent of ['yesterday', 12, Number.NaN, null]) assert.equal(toSentAt(sent), undefined);
});

it('keeps all digits of an ID that is a long number', () => {
  const fields = parseKeepingDigits('{"id": 12345678901234567891, "short": 42}') as Fields;
  assert.equal(readText(fields, 'id'), '12345678901234567891');
  assert.equal(readText(fields, 'short'), '42');
});

it('keeps what is not money under another name, instead of rejecting the event', () => {
  const cases: [revenue: unknown, currency: unknown, name: string, expected: object][] = [
    [9.99, 'eur', 'purchase', { revenue: '9.99', currency: 'EUR' }],
    ['', '', 'purchase', {}],
    [100, 'coins', 'purchase', { $original_revenue: '100', $original_currency: 'coins' }],
    [-5, 'EUR', 'purchase', { $original_revenue: '-5', $original_currency: 'EUR' }],
    [-5, 'EUR', 'refund', { revenue: '-5', currency: 'EUR' }],
    ['free', undefined, 'purchase', { $original_revenue: 'free' }],
    [Number.POSITIVE_INFINITY, {}, 'purchase', {}],
  ];
  for (const [revenue, currency, name, expected] of cases)
    assert.deepEqual(toMoney({ revenue, currency }, name), expected);
  const digits = '12345678901234567.89';
  assert.deepEqual(toMoney({ revenue: Number(digits), currency: 'EUR', digits }, 'purchase'), {
    revenue: digits,
    currency: 'EUR',
  });
});

it('derives a valid ID for user properties from an ID of any length', () => {
  assert.match(toSetId('x'.repeat(128)), /^set-[0-9a-f]{32}$/);
  assert.notEqual(toSetId('e-1'), toSetId('e-2'));
});

it('keeps names apart that differ in letters which are not Latin, or far behind', () => {
  const long = 'x'.repeat(2_000);
  for (const [one, other] of [
    ['Order 注册', 'Order 登录'],
    [`${long} a`, `${long} b`],
    [`${'x'.repeat(63)} y`, `${'x'.repeat(63)} z`],
  ])
    assert.notEqual(toName(one).event_name, toName(other).event_name);
});
