import { findRateMistake, type PolicyName, type PolicyRate } from './gcra/limit.ts';
import { IN_FLIGHT_DEFAULT, IN_FLIGHT_POLICY, type KeyPolicyName, type LimitOverrides } from './policies.ts';

/** A key's or project's own limits, in the shape of `rate_limits`. Missing parts use the default. */
export type OwnLimits = {
  readonly events?: { readonly requests?: PolicyRate; readonly events?: PolicyRate };
  readonly analytics?: { readonly requests?: PolicyRate; readonly in_flight?: number };
  readonly management?: { readonly requests?: PolicyRate };
};

/**
 * Returns the overrides for one key. The key's limits take precedence over its project's, which take precedence over
 * the installation's, except that a limit the installation turned off stays off. Invalid stored values are ignored.
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
  const running = key?.analytics?.in_flight ?? project?.analytics?.in_flight;
  const inFlight = installation[IN_FLIGHT_POLICY] ?? IN_FLIGHT_DEFAULT;
  if (running === undefined || inFlight === 'off') return combined;
  return { ...combined, [IN_FLIGHT_POLICY]: { ...inFlight, running } };
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
