import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventRow } from '../../test/support/warehouse-store.ts';
import { encodeRow } from './event-columns.ts';
import type { EventRow } from './event-row.ts';

test('rejects a row the engine could not read, because it would fail other rows too', () => {
  const wrong: Partial<Record<keyof EventRow, unknown>>[] = [
    { timestamp: Date.UTC(2000, 0, 1) - 1 },
    { timestamp: 1.5 },
    { timestamp: Number.NaN },
    { timestamp: Date.UTC(2300, 0, 1) },
    { received_at: '2026-01-01' },
    { revenue: '1e5' },
    { revenue: '1.1234567' },
    { revenue: '1234567890123456789' },
    { revenue: '' },
    { verified: true },
    { app_user_id: null },
    { properties: {} },
  ];
  for (const part of wrong) {
    const row = { ...eventRow({ event_id: 'e' }), ...part } as EventRow;
    assert.throws(() => encodeRow(row), TypeError, JSON.stringify(part));
  }
});

test('accepts the limit values themselves', () => {
  const row = { timestamp: Date.UTC(2000, 0, 1), received_at: Date.UTC(2299, 11, 31) };
  for (const revenue of ['-123456789012345678.123456', '0', null]) {
    assert.ok(encodeRow(eventRow({ event_id: 'e', ...row, revenue })).startsWith('["proj_a"'));
  }
});
