import type { Log } from '../../lib/log.ts';
import { type Decision, decide, decideRefusal } from '../gcra/decide.ts';
import type { BucketCharge, LimitStore } from '../gcra/store.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import { createMemoryLimiter, readMonotonicUs } from '../memory.ts';
import { createDenyCache } from './deny-cache.ts';
import { type ChargeMode, chargeBuckets } from './redis-buckets.ts';
import { openRedisLink } from './redis-link.ts';
import { createShares } from './share.ts';

/** Buckets shared by all processes. `close` resolves when the others no longer count this one. */
export type RedisStore = Required<LimitStore> & { close(): Promise<void> };

/**
 * `nowUs` is the clock of this process's own state (`readMonotonicUs`); `serverNowUs` replaces Redis's clock in
 * tests.
 */
export type RedisStoreOptions = {
  url: string;
  log: Log;
  prefix?: string;
  nowUs?: () => number;
  serverNowUs?: () => number;
  /** How long Redis may take to reply, in milliseconds. Tests that count exactly allow more. */
  answerMs?: number;
};

/**
 * Returns the limit store in Redis at `url`, whether Redis replies or not. Every request gets a decision: during an
 * outage this process decides alone, with its share of each limit, from buckets it has kept up to date all along.
 */
export async function openRedisStore(options: RedisStoreOptions): Promise<RedisStore> {
  const { url, log, prefix = 'appflow:', nowUs = readMonotonicUs, serverNowUs, answerMs } = options;
  const local = createMemoryLimiter({ nowUs });
  const denied = createDenyCache({ nowUs });
  const takeShares = createShares();
  const link = await openRedisLink({
    url,
    nodesKey: `${prefix}nodes`,
    log,
    onOutage: denied.clear,
    answerMs,
  });
  let localDecisions = 0;

  const share = (charges: readonly BucketCharge[]) => takeShares(charges, link.processes());

  /** Keeps the result for upcoming requests and for an outage of Redis. */
  function remember(
    charges: readonly BucketCharge[],
    owedTicks: readonly number[],
    isAllowed: boolean,
  ): void {
    denied.record(charges, owedTicks);
    if (isAllowed) local.chargeRefusal(share(charges));
  }

  /** Decides from the debts Redis reports, or locally when it does not reply. */
  function decideShared<T extends Decision>(
    charges: readonly BucketCharge[],
    mode: ChargeMode,
    decideBy: (owedTicks: readonly number[], charges: readonly BucketCharge[]) => T,
    decideLocally: (shares: readonly BucketCharge[]) => T,
  ): MaybePromise<T> {
    const decideFrom = (owedTicks: readonly number[] | undefined) => {
      if (owedTicks === undefined) {
        localDecisions += 1;
        return decideLocally(share(charges));
      }
      const decision = decideBy(owedTicks, charges);
      remember(charges, decision.allowed ? decision.owedTicks : owedTicks, decision.allowed);
      return decision;
    };
    const answer = link.call((client) =>
      chargeBuckets(client, charges, mode, { prefix: `${prefix}rl:`, serverNowUs: serverNowUs?.() }),
    );
    return answer === undefined ? decideFrom(undefined) : answer.then(decideFrom);
  }

  return {
    peek(charges) {
      const known = denied.decide(charges);
      if (!known.allowed) return known;
      return link.isDegraded() ? local.peek(share(charges)) : undefined;
    },
    readStates: (charges) => (link.isDegraded() ? local.readStates(share(charges)) : undefined),
    charge(charges) {
      const known = denied.decide(charges);
      return known.allowed ? decideShared(charges, 'charge', decide, local.charge) : known;
    },
    chargeRefusal: (charges) =>
      denied.findRefusal(charges) ?? decideShared(charges, 'refusal', decideRefusal, local.chargeRefusal),
    countBuckets: local.countBuckets,
    report: () => ({ ...link.report(), localDecisions }),
    close: link.close,
  };
}
