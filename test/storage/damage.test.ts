import assert from 'node:assert/strict';
import { it } from 'node:test';
import { listCases } from './damage/list-cases.ts';
import { prepareFolders } from './damage/prepare-folders.ts';
import { renderOutcomes, runCases } from './damage/run-cases.ts';

type Sample = readonly [name: string, damage: string, outcome: RegExp, message: RegExp];

/** One file of each kind, and what notices its damage. test/long/damage.test.ts damages every file in every way. */
const SAMPLE: readonly Sample[] = [
  [
    'events/ events, wide part, properties.bin',
    'flipped',
    /doctor/,
    /Part 2026_\S+ of the table events is damaged/,
  ],
  ['events/ definition of events', 'truncated', /refused/, /events\.sql, which defines a table, is damaged/],
  [
    'events/ definition of event_ids',
    'deleted',
    /refused/,
    /event_ids\.sql, which defines a table, is missing/,
  ],
  ['events/ event_ids, compact part, data.bin', 'flipped', /repaired|harmless/, /^$/],
  [
    'events/ users, compact part, data.bin',
    'flipped',
    /repaired|harmless|degraded/,
    /^$|^The table users was damaged/,
  ],
  [
    'events/ erased_ids, compact part, data.bin',
    'flipped',
    /degraded/,
    /The table erased_ids, .*was damaged/,
  ],
  ['events/ deleted_until, a compact part', 'deleted', /degraded/, /The table deleted_until, .*was damaged/],
  [
    'events/',
    'deleted',
    /refused/,
    /events is missing or empty, but \S+control\.db says that there are events/,
  ],
  ['events/ledger.json', 'flipped', /degraded/, /ledger\.json, .*, was missing or damaged/],
  ...(['truncated', 'deleted', 'flipped'] as const).map(
    (damage): Sample => [
      'events/log/ segment.log (after a kill)',
      damage,
      /degraded/,
      /tored events are lost: the event log is damaged in \S+/,
    ],
  ),
  ['events/log/ position (after a kill)', 'flipped', /harmless/, /^$/],
  ['control.db', 'emptied', /refused/, /control\.db is missing or empty, but there are events/],
  ['control.db, table leaf page', 'flipped', /degraded|refused/, /control\.db/],
  [
    'control.db-wal (after a kill)',
    'truncated',
    /degraded/,
    /the last changes to the control database are lost/,
  ],
  ['control.db-shm (after a kill)', 'deleted', /harmless/, /^$/],
];

it('notices damage to each kind of file, at start or by doctor', async (t) => {
  const folders = await prepareFolders();
  const all = listCases(folders);
  const cases = SAMPLE.map(([name, damage]) => {
    const found = all.find((one) => one.name === name && one.damage === damage);
    assert.ok(found, name);
    return found;
  });
  const results = await runCases(folders, cases);
  t.diagnostic(`\n${renderOutcomes(results)}`);
  for (const [index, [name, , outcome, message]] of SAMPLE.entries()) {
    const result = results[index];
    assert.match(result?.outcome ?? '', outcome, `${name}: ${result?.message}`);
    assert.match(result?.message ?? '', message, name);
    assert.doesNotMatch(result?.message ?? '', /is using it/);
  }
});
