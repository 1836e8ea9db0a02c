import { unitUsOf } from '../gcra/debt.ts';
import type { Limit } from '../gcra/limit.ts';
import type { BucketCharge } from '../gcra/store.ts';
import { type RedisClient, readScript } from './redis-client.ts';

const CHARGE = readScript('redis-charge.lua');

/** A limit's numbers as arguments of the script, formatted once: doing it per call took a third of the call's time. */
const textByLimit = new WeakMap<Limit, readonly string[]>();

function textOf(limit: Limit): readonly string[] {
  const known = textByLimit.get(limit);
  if (known !== undefined) return known;
  const text = [limit.ticksPerUs, limit.unitTicks, limit.burstTicks, unitUsOf(limit)].map(String);
  textByLimit.set(limit, text);
  return text;
}

/** A `charge` may be denied; the `refusal` charge of a refused request never is. */
export type ChargeMode = 'charge' | 'refusal';

/**
 * Returns what each bucket owed, in ticks, before the charges, which are made all or nothing. Uses the server's time
 * unless a test passes its own, in microseconds. Rejects like `RedisClient.run`, and when the reply is not what the
 * script returns.
 */
export async function chargeBuckets(
  client: RedisClient,
  charges: readonly BucketCharge[],
  mode: ChargeMode,
  { prefix, serverNowUs }: { prefix: string; serverNowUs?: number | undefined },
): Promise<readonly number[]> {
  const keys: string[] = [];
  const args: (string | number)[] = [serverNowUs ?? '', mode];
  for (const { limit, cost, bucket } of charges) {
    keys.push(keyOf(prefix, limit, bucket));
    args.push(cost, ...textOf(limit));
  }
  const owedTicks = await client.run(CHARGE, keys, args);
  if (isNumbers(owedTicks) && owedTicks.length === charges.length) return owedTicks;
  throw new Error('an answer of another shape');
}

/**
 * Returns the key of a bucket. Never change it: processes of two versions share buckets. No two buckets share a key,
 * because policy names contain no colon.
 */
export const keyOf = (prefix: string, { policy }: Limit, bucket: string): string =>
  `${prefix}${policy}:${bucket}`;

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'number');
