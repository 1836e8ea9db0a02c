import { it } from 'node:test';
import { runNodeRounds } from '../nodes/rounds/node-rounds.ts';

// test/by-hand/nodes.test.ts has 20 rounds of each.
it('three nodes lose, duplicate and bring back nothing when the one that stores events is killed, and when it is frozen', async (t) => {
  await runNodeRounds(['SIGKILL', 'SIGSTOP'], (sentence) => t.diagnostic(sentence));
});
