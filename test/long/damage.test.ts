import assert from 'node:assert/strict';
import { it } from 'node:test';
import { listCases } from '../storage/damage/list-cases.ts';
import { prepareFolders } from '../storage/damage/prepare-folders.ts';
import { renderOutcomes, runCases } from '../storage/damage/run-cases.ts';

it('notices every damage to every kind of file of both stores, or is not harmed by it', async (t) => {
  const folders = await prepareFolders();
  const results = await runCases(folders, listCases(folders));
  t.diagnostic(`\n${renderOutcomes(results)}`);
  const silent = results.filter(({ outcome }) => outcome === 'SILENT');
  assert.deepEqual(
    silent.map(({ name, damage, message }) => `${name}, ${damage}: ${message}`),
    [],
  );
  const stopped = results.filter(
    ({ name, outcome }) => /event_ids, |users, /.test(name) && outcome === 'refused',
  );
  assert.deepEqual(
    stopped.map(({ name, damage, message }) => `${name}, ${damage}: ${message}`),
    [],
  );
});
