import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeTempDir } from './harness.ts';

const SCRIPT = join(import.meta.dirname, 'check-coverage.ts');
const FOLDERS = [
  ...['api', 'directory', 'keys', 'idempotency', 'accounts', 'members'],
  ...['audit', 'http', 'limits', 'events'],
];
const file = join(makeTempDir(), 'lcov.info');

/** The counts of a file: [found, hit] lines, then branches. */
type Counts = [lines: [number, number], branches: [number, number]];

function check(counts: Record<string, Counts>) {
  const records = Object.entries(counts).map(
    ([folder, [[lf, lh], [brf, brh]]]) =>
      `TN:\nSF:src/${folder}/a.ts\nBRF:${brf}\nBRH:${brh}\nLF:${lf}\nLH:${lh}\nend_of_record\n`,
  );
  writeFileSync(file, records.join(''));
  return spawnSync(process.execPath, [SCRIPT, file], { encoding: 'utf8' });
}

const everywhere = (counts: Counts) => Object.fromEntries(FOLDERS.map((folder) => [folder, counts]));
const ENOUGH: Counts = [
  [1_000, 950],
  [100, 90],
];
const FULL: Counts = [
  [90_000, 90_000],
  [9_000, 9_000],
];

describe('the coverage check', () => {
  it('fails if one folder lacks line or branch coverage, however good the others are', () => {
    assert.equal(check(everywhere(ENOUGH)).status, 0);
    for (const folder of FOLDERS) {
      for (const lacking of [
        [
          [1_000, 949],
          [100, 100],
        ],
        [
          [1_000, 1_000],
          [100, 89],
        ],
      ] as Counts[]) {
        const { status, stdout } = check({ ...everywhere(FULL), [folder]: lacking });
        assert.equal(status, 1);
        assert.match(stdout, new RegExp(`^FAILED src/${folder}: `, 'm'));
      }
    }
  });

  it('fails if a folder was not measured', () => {
    const { keys: _, ...others } = everywhere(FULL);
    assert.equal(check(others).status, 1);
  });
});
