import { countRetryAfterSeconds } from './headers.ts';
import { createLimit } from './limit.ts';
import type { MemoryLimiter } from './memory.ts';
import { FAILED_AUTH_RATE, type LimitOverrides } from './policies.ts';

/**
 * Returns the function that spends one failure of an address and returns undefined, or the whole seconds (at least
 * 1) to wait when none is left. A bucket is full again within a minute: memory is bounded by what arrives in one.
 */
export function createFailedAuthenticationLimit(
  store: MemoryLimiter,
  overrides: LimitOverrides,
): (address: string) => number | undefined {
  const rate = overrides['failed-auth'] ?? FAILED_AUTH_RATE;
  if (rate === 'off') return () => undefined;
  const charges = [{ limit: createLimit('failed-auth', rate), cost: 1 }];
  return (address) => {
    const decision = store.charge(address, charges);
    // Impossible cannot be: a burst is at least 1, the cost.
    if (decision.allowed || decision.impossible) return undefined;
    return countRetryAfterSeconds(decision.retryAfterMs);
  };
}
