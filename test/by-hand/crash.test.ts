import { test } from 'node:test';
import { runCrashRounds } from '../storage/crash/crash-rounds.ts';
import { makeTempDir } from '../support/harness.ts';

const ROUNDS = 20;

test(`${ROUNDS} kills under a mixed load lose, duplicate and bring back nothing`, async (t) => {
  await runCrashRounds(makeTempDir(), ROUNDS, (sentence) => t.diagnostic(sentence));
});
