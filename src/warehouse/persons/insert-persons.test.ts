import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { replayLinks } from '../../../test/analytics/replay-links.ts';
import { eventRow, insertOnly, useTestGateway } from '../../../test/support/warehouse-store.ts';
import type { EventRow } from '../event-row.ts';
import { createDraft, fillDraft } from '../integrity/rebuild.ts';
import { encodeBlock } from '../logged-block.ts';
import { derivePersonIds, deriveUserProperties } from './derive-persons.ts';
import { insertPersons, type PersonEvent } from './insert-persons.ts';
import { repairPersons } from './repair-persons.ts';

const START = Date.UTC(2026, 0, 1);
const gateway = useTestGateway();
let block = 0;

const identify = (at: number, from: string, to: string, part: Partial<EventRow> = {}) =>
  eventRow({
    event_id: `e${at}`,
    event_name: '$identify',
    app_user_id: to,
    timestamp: START + at,
    properties: JSON.stringify({ anonymous_id: from }),
    ...part,
  });

const listPersons = async (project_id: string, table = 'person_ids') => {
  const rows = await gateway.query<{ app_id: string; id: string; person: string }>(
    `SELECT app_id, id, argMax(person, version) AS person FROM ${table} WHERE project_id = {project_id:String}
     GROUP BY app_id, id HAVING person != id ORDER BY app_id, id`,
    { project_id },
  );
  return rows.map(({ app_id, id, person }) => [app_id, id, person]);
};

/** Stores rows as one block and returns the conflicts among them. */
async function store(rows: EventRow[]): Promise<PersonEvent[]> {
  block += 1;
  await insertOnly(gateway, ['events'], [encodeBlock(block, rows)]);
  return await insertPersons(gateway, rows, block);
}

const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
const drawn = fc.record({
  from: ids,
  to: ids,
  at: fc.integer({ min: 0, max: 12 }),
  app: fc.constantFrom('app_1', 'app_2'),
});

test('persons equal a plain replay after each block, and a rebuild from all events derives the same', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(drawn, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
      async (blocks) => {
        run += 1;
        const project_id = `proj_${run}`;
        const stored: EventRow[] = [];
        for (const [index, links] of blocks.entries()) {
          const rows = links.map(({ from, to, at, app }, n) =>
            identify(at, from, to, { project_id, app_id: app, event_id: `${index}-${n}` }),
          );
          const conflicts = await store(rows);
          stored.push(...rows);
          assert.deepEqual(await listPersons(project_id), expectPersons(stored));
          assert.deepEqual(
            conflicts.map(({ event_id }) => event_id).sort(),
            rows
              .filter((row) => isConflict(stored, row))
              .map(({ event_id }) => event_id)
              .sort(),
          );
        }
        await repairPersons(gateway, { from: 0, highest: block });
        assert.deepEqual(await listPersons(project_id), expectPersons(stored));
      },
    ),
    { numRuns: 10 },
  );
  await gateway.command('CREATE TABLE rebuilt AS person_ids');
  await derivePersonIds(gateway, { table: 'rebuilt' });
  for (let project = 1; project <= run; project += 1)
    assert.deepEqual(await listPersons(`proj_${project}`, 'rebuilt'), await listPersons(`proj_${project}`));
});

function replay(rows: readonly EventRow[], appId: string) {
  return replayLinks(
    rows
      .filter(({ app_id }) => app_id === appId)
      .map((row) => ({
        anonymousId: JSON.parse(row.properties).anonymous_id,
        appUserId: row.app_user_id,
        timestamp: row.timestamp,
        eventId: row.event_id,
        verified: row.verified,
      })),
  );
}

function expectPersons(rows: readonly EventRow[]): string[][] {
  return ['app_1', 'app_2'].flatMap((app) => {
    const personOf = replay(rows, app);
    const linked = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => [app, id, personOf(id)]);
    return linked.filter(([, id, person]) => id !== person);
  });
}

function isConflict(rows: readonly EventRow[], row: EventRow): boolean {
  const personOf = replay(rows, row.app_id);
  return personOf(JSON.parse(row.properties).anonymous_id) !== personOf(row.app_user_id);
}

test('properties and links are the same by a block and by a rebuild, with all digits of numbers', async () => {
  const properties =
    '{"anonymous_id":"anön \\"1\\"","$set":{"plan":"pro","big":12345678901234567890123e0,"tags":["a",{"b":null}]},"$set_once":{"seen":null}}';
  const project_id = 'proj_same';
  await store([
    identify(1, '', 'u1', { project_id, properties, event_id: 'x1' }),
    identify(2, '', 'u1', { project_id, event_name: '$set', properties, event_id: 'x2', verified: 0 }),
    identify(3, 'u1', 'u1', { project_id, event_id: 'x3' }),
    identify(4, '', 'u2', { project_id, event_name: 'opened', properties, event_id: 'x4' }),
  ]);
  const read = (table: string) =>
    gateway.query(`SELECT * FROM ${table} WHERE project_id = 'proj_same' ORDER BY ALL`);
  const [links, values] = [await read('links'), await read('user_properties')];
  assert.equal(links.length, 2);
  assert.deepEqual(
    (values as { name: string; value: string }[]).map(({ name, value }) => `${name}=${value}`).sort(),
    ['big=12345678901234567890123', 'big=12345678901234567890123', 'plan="pro"', 'plan="pro"'].concat([
      'seen=null',
      'seen=null',
      'tags=["a",{"b":null}]',
      'tags=["a",{"b":null}]',
    ]),
  );
  await createDraft(gateway, 'links');
  await gateway.command('CREATE TABLE properties_rebuilt AS user_properties');
  await fillDraft(gateway, 'links');
  await deriveUserProperties(gateway, { table: 'properties_rebuilt' });
  assert.deepEqual(await read('links_rebuilt'), links);
  assert.deepEqual(await read('properties_rebuilt'), values);
});

test('a repair derives what a kill left out, and writes nothing when nothing is missing', async () => {
  const project_id = 'proj_cut';
  const properties = JSON.stringify({ anonymous_id: 'a', $set: { plan: 'pro' } });
  const row = identify(1, 'a', 'u', { project_id, properties, event_id: 'cut' });
  block += 1;
  await insertOnly(gateway, ['events'], [encodeBlock(block, [row])]);
  const repair = () => repairPersons(gateway, { from: block, highest: block });
  const countParts = () =>
    gateway.query(
      "SELECT table, max(max_block_number) AS last FROM system.parts WHERE database = 'appflow' GROUP BY table ORDER BY table",
    );
  await repair();
  assert.deepEqual(await listPersons(project_id), [['app_a', 'a', 'u']]);
  const before = await countParts();
  await repair();
  assert.deepEqual(await countParts(), before);
  // The links are there, but not yet whose they are.
  await gateway.command(
    `ALTER TABLE person_ids DELETE WHERE project_id = '${project_id}' SETTINGS mutations_sync = 2`,
  );
  await repair();
  assert.deepEqual(await listPersons(project_id), [['app_a', 'a', 'u']]);
});

test('a long chain that gets another end moves as a whole', async () => {
  const project_id = 'proj_chain';
  const link = (from: string, to: string, at: number) =>
    identify(at, from, to, { project_id, app_id: 'app_1', event_id: `${from}-${to}` });
  const ids = Array.from({ length: 20 }, (_, index) => `id${String(index).padStart(2, '0')}`);
  for (const [index, to] of ids.slice(1).entries()) await store([link(ids[index] ?? '', to, index)]);
  await store([link(ids.at(-1) ?? '', 'end', 100)]);
  assert.deepEqual(
    await listPersons(project_id),
    ids.map((id) => ['app_1', id, 'end']),
  );
});
