import { unitUsOf } from './debt.ts';
import type { Limit } from './limit.ts';
import { type RedisClient, readScript } from './redis-client.ts';
import type { BucketCharge } from './store.ts';

const CHARGE = readScript('redis-charge.lua');

/** A limit's numbers as the script reads them, written once: at each call that took a third of it. */
const textByLimit = new WeakMap<Limit, readonly string[]>();

function textOf(limit: Limit): readonly string[] {
  const known = textByLimit.get(limit);
  if (known !== undefined) return known;
  const text = [limit.ticksPerUs, limit.unitTicks, limit.burstTicks, unitUsOf(limit)].map(String);
  textByLimit.set(limit, text);
  return text;
}

/** What is done: a charge may be denied, the charge of a refused request never is. */
export type ChargeMode = 'charge' | 'refusal';

/**
 * Returns what each bucket owed, in ticks, before the charges were made, all or none. The time is the server's, unless a
 * test gives its own in microseconds. Rejects as `RedisClient.run`, and when the answer is not what the script gives.
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
 * Returns the key of a bucket, the same in every version: processes of two versions share it. No two buckets share one,
 * for no policy has a colon.
 */
export const keyOf = (prefix: string, { policy }: Limit, bucket: string): string =>
  `${prefix}${policy}:${bucket}`;

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'number');
