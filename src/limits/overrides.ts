import { findRateMistake, type PolicyName, type PolicyRate } from './limit.ts';
import type { KeyPolicyName, LimitOverrides } from './policies.ts';

/** The limits a key or a project has of its own, as `rate_limits` spells them. What is absent stays at its default. */
export type OwnLimits = {
  readonly events?: { readonly requests?: PolicyRate; readonly events?: PolicyRate };
  readonly analytics?: { readonly requests?: PolicyRate };
  readonly management?: { readonly requests?: PolicyRate };
};

/**
 * Returns what replaces the defaults for one key: its own limits before its project's, its project's before the
 * installation's, save that a limit the installation switched off stays off. Unusable stored values are passed over.
 */
export function combineOverrides(
  installation: LimitOverrides,
  project: OwnLimits | null,
  key: OwnLimits | null,
): LimitOverrides {
  const combined: { [Name in PolicyName]?: PolicyRate | 'off' } = { ...installation };
  for (const [policy, rate] of [...listRates(project), ...listRates(key)]) {
    if (combined[policy] !== 'off' && findRateMistake(rate) === undefined) combined[policy] = rate;
  }
  return combined;
}

function listRates(limits: OwnLimits | null): [KeyPolicyName, PolicyRate][] {
  const rates: [KeyPolicyName, PolicyRate | undefined][] = [
    ['events-requests', limits?.events?.requests],
    ['events', limits?.events?.events],
    ['analytics', limits?.analytics?.requests],
    ['management', limits?.management?.requests],
  ];
  return rates.flatMap(([policy, rate]) => (rate === undefined ? [] : [[policy, rate]]));
}
