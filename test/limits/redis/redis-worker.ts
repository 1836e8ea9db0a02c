import { pino } from 'pino';
import { createLimit } from '../../../src/limits/gcra/limit.ts';
import { openRedisStore } from '../../../src/limits/redis/redis.ts';

// One of several processes that spend from the same buckets: each message is one run, answered with the number
// allowed.

type Run = { bucket: string; tries: number; inFlight: number };

const store = await openRedisStore({ url: process.env.REDIS_URL ?? '', log: pino({ level: 'silent' }) });
const limit = createLimit('analytics', { rate: 1, perSeconds: 86_400, burst: 1000 });

async function spend({ bucket, tries, inFlight }: Run) {
  const aloneBefore = store.report().localDecisions;
  let passed = 0;
  let left = tries;
  const spendInTurn = async () => {
    while (left > 0) {
      left -= 1;
      const decision = await store.charge([{ limit, cost: 1, bucket }]);
      if (decision.allowed) passed += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, spendInTurn));
  return { passed, alone: store.report().localDecisions - aloneBefore };
}

process.on('message', async (run) => process.send?.(await spend(run as Run)));
process.on('disconnect', () => void store.close());
process.send?.('ready');
