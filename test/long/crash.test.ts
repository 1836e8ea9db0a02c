import { test } from 'node:test';
import { runCrashRounds } from '../storage/crash/crash-rounds.ts';
import { makeTempDir } from '../support/harness.ts';

// test/by-hand/crash.test.ts has 20 rounds. In every second one, an import is killed too; in every third one, so is the next start.
test('kills under a mixed load lose, duplicate and bring back nothing', async (t) => {
  await runCrashRounds(makeTempDir(), 4, (sentence) => t.diagnostic(sentence));
});
