import { describe, it } from 'node:test';
import { runNodeRounds } from '../nodes/rounds/node-rounds.ts';

const ROUNDS = 20;

// Most of the time is spent on waiting until the lease of the node that ended is over: a minute each.
describe('three nodes that share their servers', () => {
  for (const end of ['SIGKILL', 'SIGSTOP'] as const)
    it(`lose, duplicate and bring back nothing when the one that stores events gets ${end}, ${ROUNDS} times`, async (t) => {
      await runNodeRounds(Array(ROUNDS).fill(end), (sentence) => t.diagnostic(sentence));
    });
});
