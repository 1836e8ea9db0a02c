import assert from 'node:assert/strict';
import { type Case, listCases } from './list-cases.ts';
import { prepareFolders } from './prepare-folders.ts';
import { renderOutcomes, runCases } from './run-cases.ts';

/** Checks that the chosen damages are noticed or harmless, and that none to what can be derived again keeps the server from starting. */
export async function requireNoticed(
  isChosen: (one: Case, index: number) => boolean,
  report: (table: string) => void,
): Promise<void> {
  const folders = await prepareFolders();
  const results = await runCases(folders, listCases(folders).filter(isChosen));
  assert.ok(results.length > 0);
  report(renderOutcomes(results));
  const describe = ({ name, damage, message }: (typeof results)[0]) => `${name}, ${damage}: ${message}`;
  assert.deepEqual(results.filter(({ outcome }) => outcome === 'SILENT').map(describe), []);
  const stopped = results.filter(
    ({ name, outcome }) => /event_ids, |users, /.test(name) && outcome === 'refused',
  );
  assert.deepEqual(stopped.map(describe), []);
}
