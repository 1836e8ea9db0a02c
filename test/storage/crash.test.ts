import { test } from 'node:test';
import { makeTempDir } from '../support/harness.ts';
import { runCrashRounds } from './crash-rounds.ts';

test('kill -9 during an import neither loses nor duplicates events, four times', async (t) => {
  await runCrashRounds(makeTempDir(), 4, (sentence) => t.diagnostic(sentence));
});
