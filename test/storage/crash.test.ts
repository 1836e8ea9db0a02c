import { test } from 'node:test';
import { makeTempDir } from '../support/harness.ts';
import { runCrashRounds } from './crash/crash-rounds.ts';

test('three kills under a mixed load lose, duplicate and bring back nothing', async (t) => {
  await runCrashRounds(makeTempDir(), 3, (sentence) => t.diagnostic(sentence));
});
