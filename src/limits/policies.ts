import { findRateMistake, type PolicyName, type PolicyRate } from './gcra/limit.ts';
import type { InFlightLimit } from './in-flight.ts';

/** Groups of routes that are limited together. A route declares exactly one. */
export type Category = 'events' | 'analytics' | 'management';

/**
 * The caller that is charged: an API key, by its type, or a member in the dashboard. Unlike the `KeyType` of a key,
 * it includes `member`. Every install of an app shares one client key, so its limits are wider; a dashboard page
 * sends several queries at a time.
 */
export type CallerType = 'server' | 'client' | 'read_only' | 'member';

/** The policies a key can have its own rates for. */
export type KeyPolicyName = 'events-requests' | 'events' | 'analytics' | 'management';

/** The policy that limits concurrency rather than rate. It has slots instead of a rate. */
export const IN_FLIGHT_POLICY = 'analytics-in-flight';

/** The same for streams, which stay open and have their own slots. */
export const STREAMS_POLICY = 'analytics-streams';

/** Every policy a decision can name. */
export type DecidingPolicy = PolicyName | typeof IN_FLIGHT_POLICY | typeof STREAMS_POLICY;

/** Replaces a policy's default for all caller types; `off` removes the limit. */
export type LimitOverrides = { readonly [Name in PolicyName]?: PolicyRate | 'off' } & {
  readonly [IN_FLIGHT_POLICY]?: InFlightLimit | 'off';
};

/** What a policy counts: whole requests, or events received in the batch (received, not accepted). */
export type CostUnit = 'request' | 'event';

/** Events in the largest batch the API accepts (events.md). A smaller `events` burst could never allow it. */
export const EVENTS_PER_BATCH_MAX = 1000;

/** Events in the largest batch of another vendor's SDK, which is stored as two: Amplitude's send that many. */
export const SDK_EVENTS_PER_BATCH_MAX = 2 * EVENTS_PER_BATCH_MAX;

const SHARED_RATES: Record<KeyPolicyName, PolicyRate> = {
  'events-requests': { rate: 100, burst: 500 },
  events: { rate: 10_000, burst: 50_000 },
  analytics: { rate: 10, burst: 60 },
  management: { rate: 10, burst: 60 },
};

/** Default rates by caller type and policy (rate-limits.md). */
export const DEFAULT_RATES: Record<CallerType, Record<KeyPolicyName, PolicyRate>> = {
  server: SHARED_RATES,
  read_only: SHARED_RATES,
  client: {
    ...SHARED_RATES,
    'events-requests': { rate: 2000, burst: 10_000 },
    events: { rate: 50_000, burst: 200_000 },
  },
  member: { ...SHARED_RATES, analytics: { rate: 10, burst: 120 } },
};

/**
 * A policy a request is charged under: what it counts, and whether the key's bucket or the address's within the key
 * is charged.
 */
export type ChargedPolicy = {
  readonly policy: KeyPolicyName | AddressPolicyName;
  readonly unit: CostUnit;
  readonly per: 'key' | 'address';
};

/** Counted per address within a client key, so that one device cannot use up what every install of the app shares. */
export type AddressPolicyName = 'events-ip-requests' | 'events-ip';

/** Default rates per address: enough for a carrier's shared address, not for a flood. */
export const ADDRESS_RATES: Record<AddressPolicyName, PolicyRate> = {
  'events-ip-requests': { rate: 50, burst: 500 },
  'events-ip': { rate: 1000, burst: 10_000 },
};

/** Policies whose buckets anyone on the internet can create by sending from another address (`BucketCharge.isOpen`). */
export const OPEN_POLICIES: readonly PolicyName[] = [
  'events-ip-requests',
  'events-ip',
  'failed-auth',
  'leak-hook',
  'sign-in',
  'sign-in-account',
  'sign-in-code',
];

type ChargedPolicies = Readonly<Record<Category, readonly ChargedPolicy[]>>;

const KEY_POLICIES: ChargedPolicies = {
  events: [
    { policy: 'events', unit: 'event', per: 'key' },
    { policy: 'events-requests', unit: 'request', per: 'key' },
  ],
  analytics: [{ policy: 'analytics', unit: 'request', per: 'key' }],
  management: [{ policy: 'management', unit: 'request', per: 'key' }],
};

/**
 * A client key is in every install: extracting it must not let anyone use up what other installs query with it,
 * refusals included.
 */
const CLIENT_POLICIES: ChargedPolicies = {
  events: [
    ...KEY_POLICIES.events,
    { policy: 'events-ip', unit: 'event', per: 'address' },
    { policy: 'events-ip-requests', unit: 'request', per: 'address' },
  ],
  analytics: [{ policy: 'analytics', unit: 'request', per: 'address' }],
  management: [{ policy: 'management', unit: 'request', per: 'address' }],
};

/** Returns the policies a request of this category and caller type is charged under, in header order. */
export function listChargedPolicies(category: Category, callerType: CallerType): readonly ChargedPolicy[] {
  return (callerType === 'client' ? CLIENT_POLICIES : KEY_POLICIES)[category];
}

/**
 * How many times as large a limit per address is for all callers of an unconfigured proxy together. Large enough for a
 * small installation whose operator forgot `TRUSTED_PROXIES`, small enough to be a limit.
 */
export const SHARED_FACTOR = 50;

/** Returns the rate of a limit per address for all callers of an unconfigured proxy together. */
export function shareRate({ rate, burst, ...rest }: PolicyRate): PolicyRate {
  const shared = { ...rest, rate: roundRate(rate * SHARED_FACTOR), burst: burst * SHARED_FACTOR };
  // A rate near the maximum cannot be multiplied. It is then large enough as it is.
  return findRateMistake(shared) === undefined ? shared : { ...rest, rate, burst };
}

/** Six decimals, as many as a rate may have. */
const roundRate = (rate: number) => Math.round(rate * 1_000_000) / 1_000_000;

/** Returns a policy's default for a caller type. */
export function defaultRateOf(policy: ChargedPolicy['policy'], callerType: CallerType): PolicyRate {
  if (policy === 'events-ip' || policy === 'events-ip-requests') return ADDRESS_RATES[policy];
  return DEFAULT_RATES[callerType][policy];
}

/** Concurrent queries of one key, in this process. */
export const IN_FLIGHT_DEFAULT: InFlightLimit = { running: 5, waiting: 10 };

/** Open streams of one key, in this process. None waits for another to end. */
export const STREAMS_MAX: InFlightLimit = { running: 5, waiting: 0 };

/** The same for a member in the dashboard. */
export const IN_FLIGHT_MEMBER: InFlightLimit = { running: 10, waiting: 10 };

/** The maximum for `running` and for `waiting`. */
export const IN_FLIGHT_MAX = 1000;

/** Unknown keys per address: 20 per minute. */
export const FAILED_AUTH_RATE: PolicyRate = { rate: 20, perSeconds: 60, burst: 20 };

/** Reports of leaked keys per address: 60 per minute. */
export const LEAK_HOOK_RATE: PolicyRate = { rate: 60, perSeconds: 60, burst: 60 };

/** Wrong passwords per known device, per session, and per address over all accounts: 5 per minute. */
export const SIGN_IN_RATE: PolicyRate = { rate: 5, perSeconds: 60, burst: 5 };

/** Wrong passwords per account from all unknown devices together: 20 per hour. */
export const SIGN_IN_ACCOUNT_RATE: PolicyRate = { rate: 20, perSeconds: 3_600, burst: 20 };

/** Wrong codes per account from all unknown devices, and per known device: 40 per hour, ten in a row. */
export const SIGN_IN_CODE_RATE: PolicyRate = { rate: 40, perSeconds: 3_600, burst: 10 };

const PREFIX = 'APPFLOW_LIMIT_';

const POLICY_BY_VARIABLE: ReadonlyMap<string, PolicyName> = new Map([
  ['APPFLOW_LIMIT_EVENTS_REQUESTS', 'events-requests'],
  ['APPFLOW_LIMIT_EVENTS', 'events'],
  ['APPFLOW_LIMIT_EVENTS_IP_REQUESTS', 'events-ip-requests'],
  ['APPFLOW_LIMIT_EVENTS_IP', 'events-ip'],
  ['APPFLOW_LIMIT_ANALYTICS', 'analytics'],
  ['APPFLOW_LIMIT_MANAGEMENT', 'management'],
  ['APPFLOW_LIMIT_FAILED_AUTH', 'failed-auth'],
  ['APPFLOW_LIMIT_LEAK_HOOK', 'leak-hook'],
  ['APPFLOW_LIMIT_SIGN_IN', 'sign-in'],
]);

/** Returns the environment variable that overrides a policy's default; empty when there is none. */
export function environmentVariableOf(policy: DecidingPolicy): string {
  if (policy === IN_FLIGHT_POLICY) return IN_FLIGHT_VARIABLE;
  const [variable = ''] = [...POLICY_BY_VARIABLE].find(([, named]) => named === policy) ?? [];
  return variable;
}

const EXAMPLE = 'Use "off", or rate/burst such as 100/500: 100 per second, bursts of 500.';

const IN_FLIGHT_VARIABLE = 'APPFLOW_LIMIT_ANALYTICS_IN_FLIGHT';

const IN_FLIGHT_EXAMPLE = 'Use "off", or running/waiting such as 5/10: 5 run, 10 more wait for up to 2 s.';

type Mistake = { mistake: string };

/**
 * Returns the installation's overrides from its `APPFLOW_LIMIT_<POLICY>` variables, and one sentence per mistake.
 * Other variables are ignored; an empty value counts as unset. Source: rate-limits.md.
 */
export function parseLimitSwitches(variables: Readonly<Record<string, string | undefined>>): {
  overrides: LimitOverrides;
  mistakes: string[];
} {
  const overrides: LimitOverrides = {};
  const mistakes: string[] = [];
  for (const [name, text] of Object.entries(variables)) {
    const value = text?.trim() ?? '';
    if (!name.startsWith(PREFIX) || value === '') continue;
    const parsed = parseVariable(name, value);
    if ('mistake' in parsed) mistakes.push(`${name}=${value}: ${parsed.mistake}`);
    else Object.assign(overrides, parsed);
  }
  return { overrides, mistakes };
}

function parseVariable(name: string, text: string): LimitOverrides | Mistake {
  if (name === IN_FLIGHT_VARIABLE) return parseInFlight(text);
  const policy = POLICY_BY_VARIABLE.get(name);
  if (policy !== undefined) return parseRate(policy, text);
  const names = [...POLICY_BY_VARIABLE.keys(), IN_FLIGHT_VARIABLE];
  return { mistake: `unknown limit. Valid names are ${names.join(', ')}.` };
}

function parseRate(policy: PolicyName, text: string): LimitOverrides | Mistake {
  if (text === 'off') return { [policy]: text };
  const [rate, burst, ...rest] = text.split('/').map((part) => parseDecimal(part.trim()));
  if (rate === undefined || burst === undefined || rest.length > 0) {
    return { mistake: `must be "off" or two numbers separated by a slash. ${EXAMPLE}` };
  }
  const value = { rate, burst };
  const mistake = findRateMistake(value) ?? findBatchMistake(policy, value);
  return mistake === undefined ? { [policy]: value } : { mistake: `${mistake}. ${EXAMPLE}` };
}

function parseInFlight(text: string): LimitOverrides | Mistake {
  if (text === 'off') return { [IN_FLIGHT_POLICY]: text };
  const [running, waiting, ...rest] = text.split('/').map((part) => parseDecimal(part.trim()));
  if (running === undefined || waiting === undefined || rest.length > 0) {
    return { mistake: `must be "off" or two numbers separated by a slash. ${IN_FLIGHT_EXAMPLE}` };
  }
  if (!isWhole(running, 1)) {
    return { mistake: `running must be a whole number from 1 to ${IN_FLIGHT_MAX}. ${IN_FLIGHT_EXAMPLE}` };
  }
  if (!isWhole(waiting, 0)) {
    return { mistake: `waiting must be a whole number from 0 to ${IN_FLIGHT_MAX}. ${IN_FLIGHT_EXAMPLE}` };
  }
  return { [IN_FLIGHT_POLICY]: { running, waiting } };
}

const isWhole = (value: number, min: number) =>
  Number.isInteger(value) && value >= min && value <= IN_FLIGHT_MAX;

/** Returns why a burst could never allow the largest batch, as the end of a sentence; undefined when it could. */
export function findBatchMistake(policy: PolicyName, { burst }: PolicyRate): string | undefined {
  const countsEvents = policy === 'events' || policy === 'events-ip';
  if (!countsEvents || burst >= EVENTS_PER_BATCH_MAX) return undefined;
  return `the burst must be at least ${EVENTS_PER_BATCH_MAX}, the largest batch, which could otherwise never pass`;
}

/** Plain decimals only: Number() alone would accept "", "0x10" and "1e9". */
function parseDecimal(text: string): number {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}
