import { type Static, Type } from 'typebox';
import { closedObject, component } from '../lib/schema.ts';
import { findRateMistake, type PolicyName, type PolicyRate } from './gcra/limit.ts';
import {
  type CallerType,
  DEFAULT_RATES,
  findBatchMistake,
  IN_FLIGHT_DEFAULT,
  IN_FLIGHT_MAX,
  IN_FLIGHT_POLICY,
  type KeyPolicyName,
  type LimitOverrides,
} from './policies.ts';
import { RATE_LIMIT_PARTS } from './rate-limit-parts.ts';

const RATE = component(
  'Rate',
  closedObject({
    rate: Type.Number({ description: 'Sustained rate per second.' }),
    burst: Type.Integer({ description: 'How many can be used in a short time after a pause.' }),
  }),
  { description: 'A limit on requests or events.', examples: [{ rate: 10, burst: 60 }] },
);

/** Limits of one key, or of a project's keys. Missing parts use the default. */
export const RATE_LIMITS = component(
  'RateLimits',
  closedObject({
    events: Type.Optional(closedObject({ requests: Type.Optional(RATE), events: Type.Optional(RATE) })),
    analytics: Type.Optional(
      closedObject({
        requests: Type.Optional(RATE),
        in_flight: Type.Optional(
          Type.Integer({ minimum: 1, maximum: IN_FLIGHT_MAX, description: 'Concurrent queries.' }),
        ),
      }),
    ),
    management: Type.Optional(closedObject({ requests: Type.Optional(RATE) })),
  }),
  { description: 'Rate limits, by category. Limits that are missing have their default.' },
);

/** Limits of one key, or of a project's keys. */
export type RateLimits = Static<typeof RATE_LIMITS>;

const PARTS = Object.entries(RATE_LIMIT_PARTS).map(([field, part]) => ({ field, ...part }));

/** Returns what is wrong with limits that have the right shape; an empty list if they are valid. */
export function findRateLimitMistakes(
  limits: RateLimits,
): { field: string; code: string; message: string }[] {
  return PARTS.flatMap(({ field, policy, read }) => {
    const rate = read(limits);
    const mistake = rate && (findRateMistake(rate) ?? findBatchMistake(policy, rate));
    if (mistake === undefined) return [];
    const path = `rate_limits.${field}`;
    return [{ field: path, code: 'out_of_range', message: `${path} is invalid: ${mistake}.` }];
  });
}

/** Returns limits as they are stored: null if no part is set. */
export function foldRateLimits(limits: RateLimits | null): RateLimits | null {
  if (limits === null) return null;
  const isAnySet =
    limits.analytics?.in_flight !== undefined || PARTS.some(({ read }) => read(limits) !== undefined);
  return isAnySet ? limits : null;
}

/** What applies to a key without limits of its own: the project's limits, else the installation's, else the table's. */
export type LimitDefaults = { project: RateLimits | null; installation: LimitOverrides };

/** A limit that is turned off applies to no key, but a new key still cannot be given more than the default. */
const rateOf = <T>(override: T | 'off' | undefined) => (override === 'off' ? undefined : override);

/**
 * Returns the parts in which a key of type `type` would have more than its grantor, or be raised above the default. A
 * missing part has the default for that type on both sides: a grantor without limits of its own grants the default.
 */
export function findHigherLimits(
  type: CallerType,
  { before, after }: { before: RateLimits | null; after: RateLimits | null },
  grantor: RateLimits | null,
  { project, installation }: LimitDefaults,
): string[] {
  const higher = PARTS.filter(({ policy, read }) => {
    const byDefault = read(project ?? {}) ?? rateOf(installation[policy]) ?? DEFAULT_RATES[type][policy];
    const rateIn = (limits: RateLimits | null) => read(limits ?? {}) ?? byDefault;
    const [had, gets, own] = [rateIn(before), rateIn(after), rateIn(grantor)];
    return (
      isHigher(gets.rate, { had: had.rate, own: own.rate, byDefault: byDefault.rate }) ||
      isHigher(gets.burst, { had: had.burst, own: own.burst, byDefault: byDefault.burst })
    );
  }).map(({ field }) => `rate_limits.${field}`);
  const byDefault =
    project?.analytics?.in_flight ?? (rateOf(installation[IN_FLIGHT_POLICY]) ?? IN_FLIGHT_DEFAULT).running;
  const runningIn = (limits: RateLimits | null) => limits?.analytics?.in_flight ?? byDefault;
  const [had, gets, own] = [runningIn(before), runningIn(after), runningIn(grantor)];
  if (isHigher(gets, { had, own, byDefault })) higher.push('rate_limits.analytics.in_flight');
  return higher;
}

type Bounds = { had: number; own: number; byDefault: number };

/** A key may keep what it had above the default, as long as its grantor has it too. */
const isHigher = (gets: number, { had, own, byDefault }: Bounds) =>
  gets > Math.min(own, Math.max(had, byDefault));

/**
 * Returns the overrides for one key. The key's limits take precedence over its project's, which take precedence over
 * the installation's, except that a limit the installation turned off stays off. Invalid stored values are ignored.
 */
export function combineOverrides(
  installation: LimitOverrides,
  project: RateLimits | null,
  key: RateLimits | null,
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

function listRates(limits: RateLimits | null): [KeyPolicyName, PolicyRate][] {
  return PARTS.flatMap(({ policy, read }): [KeyPolicyName, PolicyRate][] => {
    const rate = read(limits ?? {});
    return rate === undefined ? [] : [[policy, rate]];
  });
}
