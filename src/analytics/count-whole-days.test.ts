import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainApp } from '../../test/support/app.ts';
import { countWholeDays } from './count-whole-days.ts';
import type { AnalyticsQuery } from './query.ts';

const APP = plainApp();
const DAY = 20_000;

const QUERY: AnalyticsQuery = {
  ...{ projectId: APP.projectId, apps: [APP], appId: APP.id, currency: APP.currency, timezone: 'UTC' },
  ...{ filters: {}, includesUnverifiedRevenue: true, retentionDays: null, hasLinks: true },
  range: { first: DAY, last: DAY },
};

const totals = { users: 2, sessions: 2, events: 2, revenue: [] };
const whole = new Map([[DAY, { version: 2, block: 1, totals }]]);
const counted = (linkRevision: number, answer: () => Promise<unknown[]>) =>
  countWholeDays(
    { warehouse: { query: async () => (await answer()) as never } },
    QUERY,
    { whole, rest: undefined, newLinks: [], linkRevision },
    ['dau'],
    new AbortController().signal,
  );

test('a count that began before a link, and ends after one that began later, does not replace it', async () => {
  const early = Promise.withResolvers<unknown[]>();
  const first = counted(1, () => early.promise);
  const linked = await counted(2, async () => [{ day: DAY, dau: '1', sessions: '0' }]);
  assert.deepEqual(linked.get(DAY), { dau: 1 });
  early.resolve([]);
  await first;
  assert.deepEqual((await counted(2, assert.fail)).get(DAY), { dau: 1 });
});
