import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { initProject, makeKey, startTestServer } from '../support/harness.ts';
import { sendRaw } from '../support/raw-http.ts';

const api = await startTestServer();
const { server_key: key, client_key, app_id } = api.project;
const second = await api.call('POST', '/v1/apps', { key, body: { name: 'Second', platform: 'web' } });
const secondApp: string = second.body.id;

const COUNT = 2_500;
const T0 = Date.UTC(2026, 10, 1);

/** Three consecutive events share a time. */
const EVENTS = Array.from({ length: COUNT }, (_, index) => ({
  event_id: `e${String(index).padStart(5, '0')}`,
  event_name: index % 2 === 0 ? 'opened' : 'purchase',
  app_user_id: `u${index % 7}`,
  app_id: index % 5 === 0 ? secondApp : app_id,
  timestamp: new Date(T0 + Math.floor(index / 3) * 1_000).toISOString(),
  properties: index % 2 === 0 ? {} : { revenue: '1.50', note: `a "quoted", text\nof two lines ${index}` },
  context: { country: 'DE' },
}));

before(async () => {
  for (let at = 0; at < COUNT; at += 500) {
    const body = { events: EVENTS.slice(at, at + 500) };
    const answer = await api.call('POST', '/v1/events', { key, body });
    assert.equal(answer.body.accepted, 500, answer.text);
  }
});

async function exportAs(format: string, query = '', by = key) {
  const answer = await api.call('GET', `/v1/events/export?format=${format}${query}`, { key: by });
  assert.equal(answer.status, 200, answer.text);
  return answer;
}

const linesOf = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const newestFirst = (events: typeof EVENTS) =>
  events
    .toSorted((a, b) => b.timestamp.localeCompare(a.timestamp) || b.event_id.localeCompare(a.event_id))
    .map(({ event_id }) => event_id);

/** Parses CSV (RFC 4180). */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  for (const line of text.matchAll(
    /((?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*)\r\n/g,
  )) {
    const cells = [...(line[1] ?? '').matchAll(/(?:^|,)("(?:[^"]|"")*"|[^",\r\n]*)/g)].map(([, cell = '']) =>
      cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
    );
    rows.push(cells);
  }
  return rows;
}

describe('an export of events', () => {
  it('contains every event once, newest first, in the same form as search', async () => {
    const answer = await exportAs('ndjson');
    assert.match(answer.headers.get('content-type') ?? '', /^application\/x-ndjson/);
    const exported = linesOf(answer.text);
    assert.deepEqual(
      exported.map(({ event_id }) => event_id),
      newestFirst(EVENTS),
    );
    const page = await api.call('GET', '/v1/events?limit=200', { key });
    assert.deepEqual(exported.slice(0, 200), page.body.data);
  });

  it('contains the same in CSV, one row per event with the same names', async () => {
    const [names = [], ...rows] = parseCsv((await exportAs('csv')).text);
    const exported = rows.map((cells) =>
      Object.fromEntries(names.map((name, index) => [name, cells[index]])),
    );
    assert.deepEqual(
      exported.map(({ event_id }) => event_id),
      newestFirst(EVENTS),
    );
    for (const event of linesOf((await exportAs('ndjson')).text).slice(0, 300)) {
      const row = exported.find(({ event_id }) => event_id === event.event_id);
      const { properties, context, session_id, revenue, currency, revenue_verified, ...plain } = event;
      const { properties: text, country, ...cells } = row ?? {};
      assert.deepEqual(JSON.parse(text ?? ''), properties);
      assert.equal(country, context.country);
      for (const [name, value] of Object.entries(plain)) assert.equal(cells[name], value);
      assert.deepEqual([cells.revenue, cells.session_id], [revenue ?? '', session_id ?? '']);
      assert.deepEqual(
        [cells.currency, cells.revenue_verified],
        [currency ?? '', String(revenue_verified ?? '')],
      );
    }
  });

  it('ends with a line that counts its events if asked to, and no other', async () => {
    for (const [query, count] of [
      ['', COUNT],
      ['&event_id=none', 0],
    ] as const) {
      const lines = linesOf((await exportAs('ndjson', `${query}&include_end=true`)).text);
      assert.deepEqual(lines.pop(), { end: { count } });
      assert.equal(lines.length, count);
      assert.ok(lines.every(({ event_id }) => event_id !== undefined));
      const rows = parseCsv((await exportAs('csv', `${query}&include_end=true`)).text);
      assert.deepEqual(rows.pop(), [`end: ${count}`]);
      assert.equal(rows.length, count + 1);
    }
    const plain = await exportAs('ndjson', '&include_end=false');
    assert.equal(linesOf(plain.text).length, COUNT);
  });

  it('must not be buffered by proxies, which would send on after a revocation', async () => {
    for (const format of ['ndjson', 'csv'])
      assert.equal((await exportAs(format)).headers.get('x-accel-buffering'), 'no');
  });

  it('escapes cells that a spreadsheet would run', async () => {
    for (const [index, app_user_id] of ['=1+1', '+1', '-1+2', '@SUM(A1)', '\tx', '\rx', '\t=1'].entries()) {
      const event = { event_id: `formula-${index}`, event_name: 'opened', app_user_id };
      await api.call('POST', '/v1/events', { key, body: { app_id, events: [event] } });
      const { text } = await exportAs('csv', `&event_id=formula-${index}`);
      assert.equal(parseCsv(text)[1]?.[3], `'${app_user_id.replace('\t=', "\t'=")}`, text);
    }
  });

  it('applies the filters of search', async () => {
    const cases: [query: string, matches: (event: (typeof EVENTS)[number]) => boolean][] = [
      ['&event_name=purchase', ({ event_name }) => event_name === 'purchase'],
      [`&app_id=${secondApp}`, (event) => event.app_id === secondApp],
      [
        '&app_user_id=u3&event_name=purchase',
        (event) => event.app_user_id === 'u3' && event.event_name === 'purchase',
      ],
      [`&to=${EVENTS[1_500]?.timestamp}`, ({ timestamp }) => timestamp < (EVENTS[1_500]?.timestamp ?? '')],
      ['&property=revenue:1.50', ({ properties }) => 'revenue' in properties],
    ];
    for (const [query, matches] of cases) {
      const exported = linesOf((await exportAs('ndjson', query)).text).map(({ event_id }) => event_id);
      assert.deepEqual(exported, newestFirst(EVENTS.filter(matches)), query);
    }
  });

  it('is empty except for the CSV header when nothing matches', async () => {
    assert.equal((await exportAs('ndjson', '&event_id=none')).text, '');
    assert.equal(parseCsv((await exportAs('csv', '&event_id=none')).text).length, 1);
  });

  it('contains only the apps of a restricted key, and nothing of another project', async () => {
    const narrow = await makeKey(api, { type: 'server', app_ids: [secondApp] });
    const exported = linesOf((await exportAs('ndjson', '', narrow.key)).text);
    assert.equal(exported.length, EVENTS.filter((event) => event.app_id === secondApp).length);
    const other = await initProject(api.config);
    assert.equal((await exportAs('ndjson', '', other.server_key)).text, '');
  });

  it('fails with a problem body before it starts when the request is invalid or not allowed', async () => {
    for (const [query, by, status] of [
      ['format=xml', key, 422],
      ['format=csv&from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z', key, 422],
      ['format=csv', client_key, 403],
    ] as const) {
      const answer = await api.call('GET', `/v1/events?${query}`, { key: by });
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
    }
  });

  it('has a path of its own, which answers the same as ?format= with any limit, NDJSON by default', async () => {
    for (const format of ['csv', 'ndjson']) {
      const own = await exportAs(format, '&event_name=purchase');
      const path = `/v1/events?format=${format}&event_name=purchase&limit=1`;
      const { status, text, headers } = await api.call('GET', path, { key });
      assert.equal(status, 200, text);
      assert.equal(text, own.text);
      assert.equal(headers.get('content-type'), own.headers.get('content-type'));
    }
    const { text } = await api.call('GET', '/v1/events/export', { key });
    assert.equal(text, (await exportAs('ndjson')).text);
  });

  it('takes no page parameters on its own path, where they would be ignored', async () => {
    for (const query of ['limit=1', 'cursor=x', 'format=json']) {
      assert.equal((await api.call('GET', `/v1/events/export?${query}`, { key })).status, 422, query);
    }
    assert.equal((await api.call('GET', '/v1/events/export', { key: client_key })).status, 403);
  });

  it('sends the headers of GET for HEAD, without a length, which is unknown', async () => {
    for (const format of ['ndjson', 'csv']) {
      const path = `/v1/events?format=${format}`;
      const request = `HEAD ${path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer ${key}\r\nConnection: close\r\n\r\n`;
      const [head = '', body] = (await sendRaw(api.url, request)).split('\r\n\r\n');
      assert.match(head, /^HTTP\/1\.1 200 /);
      assert.match(
        head,
        format === 'csv' ? /content-type: text\/csv/i : /content-type: application\/x-ndjson/i,
      );
      assert.doesNotMatch(head, /content-length/i);
      assert.equal(body, '');
    }
  });
});
