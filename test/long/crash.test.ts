import { test } from 'node:test';
import { runCrashRounds } from '../storage/crash/crash-rounds.ts';
import { makeTempDir } from '../support/harness.ts';

test('twenty kills under a mixed load lose, duplicate and bring back nothing', async (t) => {
  await runCrashRounds(makeTempDir(), 20, (sentence) => t.diagnostic(sentence));
});
