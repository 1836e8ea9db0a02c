import { test } from 'node:test';
import { runCrashRounds } from '../storage/crash-rounds.ts';
import { makeTempDir } from '../support/harness.ts';

test('loses and duplicates no event when the server is killed during an import, twelve times', async (t) => {
  await runCrashRounds(makeTempDir(), 12, (sentence) => t.diagnostic(sentence));
});
