import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

/** How many files are listed. */
const LISTED_MAX = 40;

/** A reporter that writes the files that took longest, slowest first, one per line: seconds, number of tests, path. */
export default async function* listSlowestFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files: { file: string; ms: number; tests: number }[] = [];
  for await (const { type, data } of events)
    if (type === 'test:summary' && data.file !== undefined)
      files.push({ file: data.file, ms: data.duration_ms, tests: data.counts.tests });
  files.sort((one, other) => other.ms - one.ms);
  yield `Slowest of ${files.length} files:\n`;
  for (const { file, ms, tests } of files.slice(0, LISTED_MAX))
    yield `${(ms / 1000).toFixed(1).padStart(7)} s ${String(tests).padStart(5)} ${relative('', file)}\n`;
}
