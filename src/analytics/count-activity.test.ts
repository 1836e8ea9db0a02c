import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainApp } from '../../test/support/app.ts';
import { eventRow, openTestWarehouse } from '../../test/support/warehouse-store.ts';
import { formatDay, parseDay } from '../lib/calendar.ts';
import { countActivity } from './count-activity.ts';
import type { AnalyticsQuery } from './query.ts';

const warehouse = await openTestWarehouse();

const APP = plainApp();

/** None: all is read from the events. */
const rollups = {
  find: () => undefined,
  invalidate: assert.fail,
  forgetUsers: assert.fail,
  settle: assert.fail,
  close: assert.fail,
};

async function countEvents(start: string, end: string): Promise<Record<string, number | undefined>> {
  const range = { first: parseDay(start), last: parseDay(end) };
  const timezone = 'America/St_Johns';
  const query: AnalyticsQuery = {
    projectId: APP.projectId,
    apps: [APP],
    appId: APP.id,
    timezone,
    currency: APP.currency,
    filters: {},
    includesUnverifiedRevenue: true,
    retentionDays: null,
    hasLinks: true,
    range,
  };
  const days = await countActivity({ warehouse, rollups }, query, ['events'], new AbortController().signal);
  return Object.fromEntries([...days].map(([day, { events }]) => [formatDay(day), events]).sort());
}

test('counts only days of the range and events of the project when a day is not one continuous span', async () => {
  const instants = [
    '2010-11-07T02:29:00Z',
    '2010-11-07T02:30:30Z',
    '2010-11-07T02:31:00Z',
    '2010-11-07T03:30:00Z',
  ];
  const rows = instants.map((instant) => eventRow({ event_id: instant, timestamp: Date.parse(instant) }));
  // An app belongs to one project; even if two projects had the same app id, they would not mix.
  const others = rows.map((row) => ({ ...row, project_id: 'proj_b' }));
  await warehouse.append([...rows, ...others]);
  assert.deepEqual(await countEvents('2010-11-06', '2010-11-06'), { '2010-11-06': 2 });
  assert.deepEqual(await countEvents('2010-11-07', '2010-11-07'), { '2010-11-07': 2 });
  assert.deepEqual(await countEvents('2010-11-01', '2010-11-30'), { '2010-11-06': 2, '2010-11-07': 2 });
});
