import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeClock, startTestServer } from '../support/harness.ts';
import { ask, makeApp, send } from './analytics-server.ts';
import { localDate } from './reference.ts';

const clock = makeClock();
clock.set(Date.parse('2026-09-01T00:30:00Z'));
const api = await startTestServer({}, { clock });

/** Instants on both sides of unusual day boundaries, with their local dates. */
const BOUNDARIES: Record<string, Record<string, string>> = {
  UTC: { '2024-02-28T23:59:59.999Z': '2024-02-28', '2024-02-29T00:00:00.000Z': '2024-02-29' },
  'Asia/Kathmandu': { '2024-02-28T18:14:59.999Z': '2024-02-28', '2024-02-28T18:15:00.000Z': '2024-02-29' },
  'Pacific/Kiritimati': {
    '2024-12-31T09:59:59.999Z': '2024-12-31',
    '2024-12-31T10:00:00.000Z': '2025-01-01',
  },
  // Clocks went back at 00:01: an hour of Saturday is between two parts of Sunday.
  'America/St_Johns': {
    '2010-11-07T02:29:59.999Z': '2010-11-06',
    '2010-11-07T02:30:00.000Z': '2010-11-07',
    '2010-11-07T02:30:59.999Z': '2010-11-07',
    '2010-11-07T02:31:00.000Z': '2010-11-06',
    '2010-11-07T03:29:59.999Z': '2010-11-06',
    '2010-11-07T03:30:00.000Z': '2010-11-07',
  },
  // November 4 started at 01:00; February 17 had 25 hours, the last one twice.
  'America/Sao_Paulo': {
    '2018-02-18T01:59:59.999Z': '2018-02-17',
    '2018-02-18T02:00:00.000Z': '2018-02-17',
    '2018-02-18T02:59:59.999Z': '2018-02-17',
    '2018-02-18T03:00:00.000Z': '2018-02-18',
    '2018-11-04T02:59:59.999Z': '2018-11-03',
    '2018-11-04T03:00:00.000Z': '2018-11-04',
    '2018-11-05T01:59:59.999Z': '2018-11-04',
    '2018-11-05T02:00:00.000Z': '2018-11-05',
  },
  'Asia/Beirut': {
    '2022-03-26T21:59:59.999Z': '2022-03-26',
    '2022-03-26T22:00:00.000Z': '2022-03-27',
    '2022-03-27T20:59:59.999Z': '2022-03-27',
    '2022-03-27T21:00:00.000Z': '2022-03-28',
  },
  'Africa/Cairo': {
    '2023-04-27T21:59:59.999Z': '2023-04-27',
    '2023-04-27T22:00:00.000Z': '2023-04-28',
    '2023-04-28T20:59:59.999Z': '2023-04-28',
    '2023-04-28T21:00:00.000Z': '2023-04-29',
  },
  // December 30, 2011 did not exist.
  'Pacific/Apia': {
    '2011-12-29T09:59:59.999Z': '2011-12-28',
    '2011-12-29T10:00:00.000Z': '2011-12-29',
    '2011-12-30T09:59:59.999Z': '2011-12-29',
    '2011-12-30T10:00:00.000Z': '2011-12-31',
    '2011-12-31T09:59:59.999Z': '2011-12-31',
    '2011-12-31T10:00:00.000Z': '2012-01-01',
  },
};

function shift(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

for (const [timezone, instants] of Object.entries(BOUNDARIES)) {
  test(`${timezone}: an event counts on its local date, to the millisecond`, async () => {
    const appId = await makeApp(api, timezone);
    const events = Object.entries(instants).map(([timestamp, date], index) => {
      assert.equal(localDate(timezone, timestamp), date, 'the table agrees with Intl');
      return { event_id: `${appId}-${index}`, event_name: 'open_app', app_user_id: `u${index}`, timestamp };
    });
    await send(api, events, { appId });
    const dates = Object.values(instants).sort();
    const range = { start: shift(dates.at(0) ?? '', -1), end: shift(dates.at(-1) ?? '', 1) };
    const { data, meta } = await ask(api, 'daily', { app_id: appId, ...range });
    assert.equal(meta.timezone, timezone);
    for (const row of data) {
      const count = dates.filter((date) => date === row.date).length;
      assert.deepEqual([row.date, row.events, row.dau, row.new_users], [row.date, count, count, count]);
    }
    assert.deepEqual([data.at(0)?.date, data.at(-1)?.date], [range.start, range.end]);
    // Each date alone: days at the edges of a range are as exact as those inside.
    for (const date of new Set(dates)) {
      const alone = await ask(api, 'daily', { app_id: appId, start: date, end: date });
      assert.deepEqual(
        alone.data,
        data.filter((row: { date: string }) => row.date === date),
      );
    }
  });
}

test('a skipped day is a row of zeros', async () => {
  const range = { start: '2011-12-29', end: '2011-12-31', timezone: 'Pacific/Apia' };
  const appId = await makeApp(api);
  const { data } = await ask(api, 'daily', { app_id: appId, ...range });
  assert.deepEqual(data[1], {
    date: '2011-12-30',
    dau: 0,
    new_users: 0,
    sessions: 0,
    events: 0,
    revenue: '0.00',
    revenue_by_currency: {},
  });
});

test('today is the calendar day in the reporting time zone, and the last day of days=N', async () => {
  const todayIn = async (timezone: string) => {
    const { meta } = await ask(api, 'daily', { days: 1, timezone, app_id: api.project.app_id });
    assert.equal(meta.start, meta.end);
    return meta.end;
  };
  assert.equal(await todayIn('UTC'), '2026-09-01');
  assert.equal(await todayIn('America/St_Johns'), '2026-08-31');
  assert.equal(await todayIn('Pacific/Kiritimati'), '2026-09-01');
  assert.equal(await todayIn('Pacific/Pago_Pago'), '2026-08-31');
});

test('accepts all time zone names of ICU: in any case, and old names', async () => {
  const appId = await makeApp(api);
  const event = { event_id: 'zone-name', event_name: 'open_app', app_user_id: 'ann' };
  await send(api, [{ ...event, timestamp: '2024-02-28T18:30:00Z' }], { appId });
  for (const timezone of ['asia/kolkata', 'Asia/Calcutta', 'Asia/Kolkata']) {
    const { data } = await ask(api, 'daily', {
      app_id: appId,
      timezone,
      start: '2024-02-29',
      end: '2024-02-29',
    });
    assert.equal(data[0].events, 1, timezone);
  }
});

test('days far outside the range of event times are rows of zeros', async () => {
  for (const [start, end] of [
    ['0000-01-01', '0000-01-02'],
    ['1850-01-01', '1850-01-02'],
    ['9999-12-30', '9999-12-31'],
  ]) {
    const parameters = { app_id: api.project.app_id, start: start ?? '', end: end ?? '' };
    const { data } = await ask(api, 'daily', { ...parameters, timezone: 'Asia/Kathmandu' });
    assert.deepEqual(
      data.map(({ date, events }: { date: string; events: number }) => [date, events]),
      [
        [start, 0],
        [end, 0],
      ],
    );
  }
});
