import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { compileCache } from '../../support/adopt-child.ts';
import { damageFile } from './damage-file.ts';
import type { Case } from './list-cases.ts';
import { copyFolder, type Folders } from './prepare-folders.ts';

/**
 * What became of one damage: `refused` and `degraded` at start, `repaired` by itself, `doctor`, `harmless`, or nothing noticed it:
 * `SILENT`.
 */
export type Outcome = { outcome: string; message: string };

const CHILD = join(import.meta.dirname, 'start-child.ts');

/** Starts the stores of a data folder in a child process: the engine allows one folder per process. */
export async function startStores(dataDir: string, expected = ''): Promise<Outcome> {
  const child = spawn(process.execPath, [CHILD, dataDir, expected], {
    env: {
      PATH: process.env.PATH ?? '',
      UV_THREADPOOL_SIZE: '8',
      ...compileCache(),
    },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return stdout === ''
    ? { outcome: 'SILENT', message: 'The process ended without a word.' }
    : JSON.parse(stdout);
}

/** Returns a hash of what is stored in a folder. Throws if something is noticed in it, because nothing is damaged. */
async function findDigest(dataDir: string): Promise<string> {
  const { outcome, message } = await startStores(copyFolder(dataDir));
  assert.equal(outcome, 'digest', message);
  return message;
}

/** Returns what happens to each damage, each on its own copy of a folder, `parallel` at a time. */
export async function runCases(
  folders: Folders,
  cases: readonly Case[],
  parallel = 2,
): Promise<(Case & Outcome)[]> {
  const expected = { stopped: await findDigest(folders.stopped), killed: await findDigest(folders.killed) };
  const waiting = cases.map((one, index) => ({ one, index }));
  const results: (Case & Outcome)[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { one, index } = next;
      const dataDir = copyFolder(folders[one.folder]);
      damageFile(join(dataDir, one.path), one.damage, one.offset);
      results[index] = { ...one, ...(await startStores(dataDir, expected[one.folder])) };
      rmSync(dataDir, { recursive: true, force: true });
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return results;
}

/** Returns the outcomes as a table: a line per file, a column per damage. */
export function renderOutcomes(results: readonly (Case & Outcome)[]): string {
  const files = Map.groupBy(results, ({ name }) => name);
  const lines = [...files].map(([name, outcomes]) => {
    const cells = outcomes.map(({ damage, outcome }) => `${damage}: ${outcome}`);
    return `${name.padEnd(60)} ${cells.map((cell) => cell.padEnd(20)).join(' ')}`;
  });
  return lines.join('\n');
}
