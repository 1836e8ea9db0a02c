import { readFileSync } from 'node:fs';

// Fails if the coverage of any one security-relevant folder is too low, so that a good folder cannot hide a bad one.
// Usage: `node test/support/check-coverage.ts FILE`, where FILE is the output of the test runner's lcov reporter.

const FOLDERS = [
  'src/api',
  'src/directory',
  'src/keys',
  'src/idempotency',
  'src/accounts',
  'src/members',
  'src/audit',
  'src/http',
  'src/limits',
  'src/events',
] as const;
const MIN_PERCENT = { lines: 95, branches: 90 } as const;
/** The lcov records for lines found and hit (https://manpages.debian.org/geninfo.1#FILES). */
const COUNTS = { lines: ['LF', 'LH'], branches: ['BRF', 'BRH'] } as const;

const records = readFileSync(process.argv[2] ?? '', 'utf8').split('end_of_record');

function sum(folder: string, name: string): number {
  const inFolder = records.filter((record) => record.includes(`SF:${folder}/`));
  const counts = inFolder.map((record) => Number(new RegExp(`^${name}:(\\d+)$`, 'm').exec(record)?.[1] ?? 0));
  return counts.reduce((total, count) => total + count, 0);
}

for (const folder of FOLDERS) {
  for (const kind of ['lines', 'branches'] as const) {
    const [found, hit] = COUNTS[kind].map((name) => sum(folder, name));
    // A report without any lines is about something else, so it does not pass.
    const percent = ((hit ?? 0) / (found ?? 0)) * 100;
    const isEnough = percent >= MIN_PERCENT[kind];
    process.stdout.write(
      `${isEnough ? 'ok    ' : 'FAILED'} ${folder}: ${kind} ${percent.toFixed(2)} %, to reach ${MIN_PERCENT[kind]} %\n`,
    );
    if (!isEnough) process.exitCode = 1;
  }
}
