import type { TestEvent } from 'node:test/reporters';

/** What stands for a failure that belongs to no test file. */
export const NO_FILE = '?';
/** The last line: without it, the runner did not reach its end. */
export const END = 'end';

/** The file that the runner started; `file` is the one that called `it` or registered the hook, such as a helper. */
type Failure = { file?: string; entryFile?: string };

/** A reporter that writes the path of each test file with a failure, one per line, in order of their first failure, and END. */
export default async function* listFailedFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const written = new Set<string>();
  for await (const { type, data } of events) {
    if (type !== 'test:fail') continue;
    const { file, entryFile = file }: Failure = data;
    const name = entryFile?.endsWith('.test.ts') ? entryFile : NO_FILE;
    if (written.has(name)) continue;
    written.add(name);
    yield `${name}\n`;
  }
  yield `${END}\n`;
}
