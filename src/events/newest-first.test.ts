import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { cleanUp } from '../../test/support/clean-up.ts';
import { createTestStore, eventRow } from '../../test/support/warehouse-store.ts';
import { HOUR_MS } from '../lib/durations.ts';
import type { EventRow } from '../warehouse/event-row.ts';
import { buildFilter, type Filter } from './event-filter.ts';
import type { PublicEvent } from './event-json.ts';
import { readNewestFirst, type SearchPosition, toSearchPosition } from './newest-first.ts';
import { PAGE_BYTES_MAX } from './page.ts';
import { withPerson } from './person-filter.ts';

const store = await createTestStore();
const warehouse = await store.open();
cleanUp(async () => {
  await warehouse.close();
  await store.remove();
});

const NOW = Date.UTC(2026, 10, 1);
const APPS = ['app_a', 'app_b', 'app_c'];
const BLOCK_ROWS = 10_000;
const never = new AbortController().signal;

async function append(rows: EventRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += BLOCK_ROWS)
    await warehouse.append(rows.slice(at, at + BLOCK_ROWS));
}

type Options = { limit?: number; before?: SearchPosition; from?: number; to?: number };

async function readPages(projectId: string, { limit = 1_000, before: start, from, to }: Options = {}) {
  const times = {
    ...(from === undefined ? {} : { from: new Date(from).toISOString() }),
    ...(to === undefined ? {} : { to: new Date(to).toISOString() }),
  };
  const window = { before: start, limit, nowMs: NOW };
  const pages: PublicEvent[][] = [];
  for await (const page of readNewestFirst(warehouse, buildFilter(projectId, APPS, times), window, never)) {
    assert.ok(page.length > 0 && page.length <= limit, `a page of ${page.length}`);
    pages.push(page);
  }
  return pages;
}

const readIds = async (projectId: string, options: Options) =>
  (await readPages(projectId, options)).flat().map(({ event_id }) => event_id);

const newestFirst = (rows: readonly EventRow[]) =>
  rows.toSorted((a, b) => b.timestamp - a.timestamp || (a.event_id < b.event_id ? 1 : -1));

/** Returns an ID that shares its 16 bits of a hash with another one. */
async function findSameHash(id: string): Promise<string> {
  const hash = (of: string) => `toUInt16(sipHash64(${of}))`;
  const [row] = await warehouse.query<{ id: string }>(
    `SELECT concat('other_', toString(number)) AS id FROM numbers(2000000) WHERE ${hash('id')} = ${hash('{id:String}')} LIMIT 1`,
    { id },
  );
  return row?.id ?? assert.fail();
}

describe('events of users in one app, newest first', () => {
  const project_id = 'proj_users';
  const person = {
    id: 'user',
    ids: ['user', 'device'].map((id) => ({ app_id: 'app_a', id })),
    hasMoreIds: false,
  };
  const apps = { projectId: project_id, appIds: ['app_a'], hasLinks: true };
  const rows: EventRow[] = [];

  before(async () => {
    const others = [await findSameHash('user'), 'someone'];
    rows.push(
      ...Array.from({ length: 3_000 }, (_, index) =>
        eventRow({
          project_id,
          app_id: APPS[index % 2] ?? '',
          app_user_id: ['user', 'device', ...others][Math.floor(index / 2) % 4] ?? '',
          event_id: `user${(index * 37) % 3_001}`,
          // Several at the same time, and a year in the middle of them.
          timestamp: NOW - Math.floor(index / 5) * HOUR_MS - (index > 1_500 ? 8_760 * HOUR_MS : 0),
        }),
      ),
    );
    // In several parts of the table.
    for (const part of [rows.slice(0, 500), rows.slice(500, 2_000), rows.slice(2_000)]) {
      await warehouse.append(part);
      await warehouse.query('SELECT 1');
    }
  });

  const readUsers = async (
    filter: Filter,
    limit: number,
    query: Pick<typeof warehouse, 'query'>['query'] = warehouse.query,
  ) => {
    const found: string[] = [];
    const window = { before: undefined, limit, nowMs: NOW, isRare: true };
    for await (const page of readNewestFirst({ query }, filter, window, never))
      found.push(...page.map(({ event_id }) => event_id));
    return found;
  };
  const idsOf = (isIncluded: (row: EventRow) => boolean) =>
    newestFirst(rows.filter(isIncluded)).map(({ event_id }) => event_id);
  const isOfPerson = (row: EventRow) => row.app_user_id === 'user' || row.app_user_id === 'device';

  it('are all that were sent with their IDs and no others, in order, whatever the size of pages', async () => {
    const all = buildFilter(project_id, ['app_a'], {});
    for (const limit of [1_000, 70]) {
      const inApp = idsOf((row) => isOfPerson(row) && row.app_id === 'app_a');
      assert.equal(inApp.length, 750);
      assert.deepEqual(await readUsers(withPerson(all, apps, person), limit), inApp);
      const one = buildFilter(project_id, ['app_a'], { app_user_id: 'user' });
      const ofOne = idsOf((row) => row.app_user_id === 'user' && row.app_id === 'app_a');
      assert.deepEqual(await readUsers(one, limit), ofOne);
      const both = buildFilter(project_id, ['app_a', 'app_b'], { app_user_id: 'user' });
      assert.deepEqual(
        await readUsers(both, limit),
        idsOf((row) => row.app_user_id === 'user'),
      );
    }
  });

  it('are found in one query per page, which reads in the order of the table and first a short column', async () => {
    const filter = withPerson(buildFilter(project_id, ['app_a'], {}), apps, person);
    const plans: string[] = [];
    const query: typeof warehouse.query = async (sql, params, options) => {
      const lines = await warehouse.query<{ explain: string }>(`EXPLAIN actions = 1 ${sql}`, params);
      plans.push(lines.map(({ explain }) => explain).join('\n'));
      return warehouse.query(sql, params, options);
    };
    await readUsers(filter, 250, query);
    assert.equal(plans.length, 4);
    for (const plan of plans) assert.match(plan, /InReverseOrder[\s\S]*Prewhere[\s\S]*user_hash/, plan);
  });
});

describe('events of several apps, newest first', () => {
  it('reads each event a few times at most, no matter how many pages there are', async () => {
    const project_id = 'proj_many';
    const rows = Array.from({ length: 30_000 }, (_, index) =>
      eventRow({
        project_id,
        app_id: APPS[index % 3] ?? '',
        event_id: `e${index}`,
        timestamp: NOW - 60 * HOUR_MS + index * 6_000,
      }),
    );
    await append(rows);
    let scanned = 0;
    const query: typeof warehouse.query = async (sql, params, options) => {
      const parts = await warehouse.query<{ rows: string }>(`EXPLAIN ESTIMATE ${sql}`, params);
      for (const part of parts) scanned += Number(part.rows);
      return warehouse.query(sql, params, options);
    };
    const window = { before: undefined, limit: 2_000, nowMs: NOW };
    let found = 0;
    for await (const page of readNewestFirst({ query }, buildFilter(project_id, APPS, {}), window, never)) {
      found += page.length;
    }
    assert.equal(found, rows.length);
    assert.ok(scanned >= rows.length, 'the engine reports the rows it reads');
    // Reading the whole table for each page would be 15 times as many.
    assert.ok(scanned < 11 * rows.length, `${scanned} rows were read for ${rows.length}`);
  });

  it('returns events once each and in order, for any gaps between them and any range', async () => {
    const project_id = 'proj_odd';
    const times = [
      // Many at the same time, a burst, years without events, clocks ahead, and the earliest possible time.
      ...Array(40).fill(NOW - 5 * HOUR_MS),
      ...Array.from({ length: 60 }, (_, index) => NOW - HOUR_MS + (index % 20)),
      ...[NOW, NOW + 1, NOW + HOUR_MS],
      ...[NOW - HOUR_MS - 1, NOW - HOUR_MS, NOW - HOUR_MS + 1],
      ...[Date.UTC(2016, 0, 1), Date.UTC(2016, 0, 2), Date.UTC(2000, 0, 1), Date.UTC(2000, 0, 1)],
    ];
    const rows = times.map((timestamp, index) =>
      eventRow({
        project_id,
        app_id: APPS[index % 3] ?? '',
        event_id: `odd${(index * 37) % 101}-${index}`,
        timestamp,
      }),
    );
    await append(rows);
    const sorted = newestFirst(rows);
    const ids = sorted.map(({ event_id }) => event_id);
    for (const limit of [3, 40, 109, 110, 111]) {
      assert.deepEqual(await readIds(project_id, { limit }), ids, `pages of ${limit}`);
    }
    for (const [index, row] of sorted.entries()) {
      if (index % 20 > 0) continue;
      const { event_id, timestamp } = row;
      assert.deepEqual(await readIds(project_id, { before: [timestamp, event_id] }), ids.slice(index + 1));
      const [older, newer] = [
        sorted.filter((other) => other.timestamp < timestamp),
        sorted.filter((other) => other.timestamp >= timestamp),
      ];
      assert.deepEqual(
        await readIds(project_id, { to: timestamp }),
        older.map((other) => other.event_id),
      );
      assert.deepEqual(
        await readIds(project_id, { from: timestamp }),
        newer.map((other) => other.event_id),
      );
    }
  });

  it('returns pages of limited size, no matter how large they are', async () => {
    const project_id = 'proj_large';
    const bytes = 30_000;
    const properties = JSON.stringify({ filling: 'ä'.repeat((bytes - 14) / 2) });
    const rows = Array.from({ length: 200 }, (_, index) =>
      eventRow({ project_id, event_id: `large${index}`, timestamp: NOW - index, properties }),
    );
    await append([...rows, eventRow({ project_id, event_id: 'small', timestamp: NOW - 1_000 })]);
    const pages = await readPages(project_id);
    assert.deepEqual(pages.flat().map(toSearchPosition), [
      ...newestFirst(rows).map(toSearchPosition),
      [NOW - 1_000, 'small', 'app_a', 1],
    ]);
    for (const page of pages) {
      const size = page.reduce((sum, event) => sum + Buffer.byteLength(event.properties), 0);
      assert.ok(size < PAGE_BYTES_MAX + bytes, `${size} bytes`);
    }
    assert.ok(pages.length < 8);
  });

  it('reads a small page first, until the size of events is known', async () => {
    const project_id = 'proj_first';
    await append(
      Array.from({ length: 300 }, (_, index) =>
        eventRow({ project_id, event_id: `first${index}`, timestamp: NOW - index }),
      ),
    );
    const limits: unknown[] = [];
    const query: typeof warehouse.query = (sql, params, options) => {
      limits.push(params?.limit);
      return warehouse.query(sql, params, options);
    };
    const window = { before: undefined, limit: 1_000, nowMs: NOW };
    const pages = readNewestFirst({ query }, buildFilter(project_id, APPS, {}), window, never);
    await pages.next();
    await pages.next();
    assert.deepEqual(limits, [250, 1_000]);
  });

  it('reads a page of what is rare in two queries, and all of it in five', async () => {
    const project_id = 'proj_rare';
    // Five events a day for thirty days.
    const rows = Array.from({ length: 150 }, (_, index) =>
      eventRow({ project_id, event_id: `rare${index}`, timestamp: NOW - index * 5 * HOUR_MS }),
    );
    await append(rows);
    let queries = 0;
    const query: typeof warehouse.query = (sql, params, options) => {
      queries += 1;
      return warehouse.query(sql, params, options);
    };
    const read = async (limit: number) => {
      queries = 0;
      const found: string[] = [];
      const window = { before: undefined, limit, nowMs: NOW, isRare: true };
      for await (const page of readNewestFirst({ query }, buildFilter(project_id, APPS, {}), window, never)) {
        found.push(...page.map(({ event_id }) => event_id));
        if (found.length >= limit) break;
      }
      return found;
    };
    const ids = rows.map(({ event_id }) => event_id);
    assert.deepEqual((await read(40)).slice(0, 40), ids.slice(0, 40));
    assert.equal(queries, 2);
    assert.deepEqual(await read(200), ids);
    assert.ok(queries <= 5, `${queries} queries`);
  });
});
