import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  formatAgo,
  formatAmount,
  formatBytes,
  formatChange,
  formatCompact,
  formatCount,
  formatDay,
  formatExact,
  formatMoney,
  formatRelative,
  formatShare,
  formatSpan,
} from './format.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const ago = (ms: number) => new Date(NOW - ms).toISOString();

it('separates thousands', () => {
  assert.equal(formatCount(0), '0');
  assert.equal(formatCount(999), '999');
  assert.equal(formatCount(1_234_567), '1,234,567');
  assert.equal(formatCompact(12_345), '12.3K');
});

it('uses the singular for one and the plural otherwise', () => {
  assert.equal(formatAmount(1, 'key'), '1 key');
  assert.equal(formatAmount(0, 'key'), '0 keys');
  assert.equal(formatAmount(2_000, 'entry', 'entries'), '2,000 entries');
});

it('shows bytes in the largest unit that leaves at least 1, with three digits', () => {
  assert.equal(formatBytes(0), '0 B');
  assert.equal(formatBytes(999), '999 B');
  assert.equal(formatBytes(1_000), '1 KB');
  assert.equal(formatBytes(999_499), '999 KB');
  assert.equal(formatBytes(999_500), '1 MB');
  assert.equal(formatBytes(1_254_000_000), '1.25 GB');
  assert.equal(formatBytes(1.5e18), '1,500 PB');
});

it('keeps money exact, even beyond the precision of a double', () => {
  assert.equal(formatMoney('9.99', 'USD'), '$9.99');
  assert.equal(formatMoney('1234.5', 'EUR'), '€1,234.50');
  assert.equal(formatMoney('12345678901234567.89', 'USD'), '$12,345,678,901,234,567.89');
  assert.equal(formatMoney('-3', 'JPY'), '-¥3');
});

it('shows money of an unknown currency with its code', () => {
  assert.equal(formatMoney('5', 'not a code'), '5 not a code');
});

it('shows shares with one decimal, and never rounds a positive one to zero', () => {
  assert.equal(formatShare(0), '0.0%');
  assert.equal(formatShare(0.0009), '< 0.1%');
  assert.equal(formatShare(0.001), '0.1%');
  assert.equal(formatShare(1), '100.0%');
  assert.equal(formatShare(0.25), '25.0%');
});

it('shows a change with its sign, and nothing if the old value is zero', () => {
  assert.equal(formatChange(110, 100), '+10.0%');
  assert.equal(formatChange(95, 100), '-5.0%');
  assert.equal(formatChange(100, 100), '0.0%');
  assert.equal(formatChange(5, 0), undefined);
});

it('shows relative times rounded, in the largest unit that fits', () => {
  assert.equal(formatRelative(ago(0), NOW), 'just now');
  assert.equal(formatRelative(ago(59_999), NOW), 'just now');
  assert.equal(formatRelative(ago(60_000), NOW), '1 minute ago');
  assert.equal(formatRelative(ago(3_569_000), NOW), '59 minutes ago');
  assert.equal(formatRelative(ago(3_570_000), NOW), '1 hour ago');
  assert.equal(formatRelative(ago(23.4 * 3_600_000), NOW), '23 hours ago');
  assert.equal(formatRelative(ago(86_400_000), NOW), '1 day ago');
  assert.equal(formatRelative(ago(-12 * 86_400_000), NOW), 'in 12 days');
  assert.equal(formatRelative(ago(-30_000), NOW), 'in a moment');
});

// The server's clock is often a little ahead of the browser's: "revoked in a moment by You".
it('never shows a past time in the future, however far the clocks differ', () => {
  assert.equal(formatAgo(ago(-1), NOW), 'just now');
  assert.equal(formatAgo(ago(-7_000), NOW), 'just now');
  assert.equal(formatAgo(ago(-10 * 60_000), NOW), 'just now');
  assert.equal(formatAgo(ago(0), NOW), 'just now');
  assert.equal(formatAgo(ago(60_000), NOW), '1 minute ago');
  assert.equal(formatRelative(ago(-1), NOW), 'in a moment');
});

it('shows up to 90 days, then months, and years from twelve months on', () => {
  const inDays = (days: number) => formatRelative(ago(-days * 86_400_000), NOW);
  assert.equal(inDays(59.9), 'in 60 days');
  assert.equal(inDays(90.4), 'in 90 days');
  assert.equal(inDays(90.6), 'in 3 months');
  assert.equal(inDays(344), 'in 11 months');
  assert.equal(inDays(346), 'in 1 year');
  assert.equal(inDays(364.9), 'in 1 year');
  assert.equal(inDays(600), 'in 2 years');
});

it('shows the time zone with an exact time', () => {
  assert.equal(formatExact('2026-11-23T06:21:05Z', 'UTC'), 'Nov 23, 2026, 06:21:05 UTC');
});

it('shows a calendar day unchanged in every browser time zone', () => {
  assert.equal(formatDay('2026-01-01'), 'Jan 1');
  assert.equal(formatDay('2026-12-31', true), 'Dec 31, 2026');
});

it('shows a duration in its largest exact unit', () => {
  assert.equal(formatSpan(86_400), '1 day');
  assert.equal(formatSpan(604_800), '7 days');
  assert.equal(formatSpan(3_600), '1 hour');
  assert.equal(formatSpan(5_400), '90 minutes');
  assert.equal(formatSpan(61), '61 seconds');
});
