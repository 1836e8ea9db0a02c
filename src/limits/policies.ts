import { findRateMistake, type PolicyName, type PolicyRate } from './limit.ts';

/** The groups of routes that are limited together; a route declares exactly one. */
export type Category = 'events' | 'analytics' | 'management';

/** The type of the API key that pays. Every install of an app shares one client key, so its limits are wider. */
export type KeyType = 'server' | 'client' | 'read_only';

/** The policies kept per API key. */
export type KeyPolicyName = Exclude<PolicyName, 'failed-auth'>;

/** What replaces a policy's default, whatever the key's type; `off` removes the limit. */
export type LimitOverrides = { readonly [Name in PolicyName]?: PolicyRate | 'off' };

/** What a policy counts: whole requests, or the events received in the batch (received, not accepted). */
export type CostUnit = 'request' | 'event';

/** Events in the largest batch the API reads (events.md). A smaller `events` burst could never let it pass. */
export const EVENTS_PER_BATCH_MAX = 1000;

const SHARED_RATES: Record<KeyPolicyName, PolicyRate> = {
  'events-requests': { rate: 100, burst: 500 },
  events: { rate: 10_000, burst: 50_000 },
  analytics: { rate: 10, burst: 60 },
  management: { rate: 10, burst: 60 },
};

/** The table of defaults, by key type and policy (rate-limits.md). */
export const DEFAULT_RATES: Record<KeyType, Record<KeyPolicyName, PolicyRate>> = {
  server: SHARED_RATES,
  read_only: SHARED_RATES,
  client: {
    ...SHARED_RATES,
    'events-requests': { rate: 2000, burst: 10_000 },
    events: { rate: 50_000, burst: 200_000 },
  },
};

/** The policies that a request of each category is charged under, in the order they appear in the headers. */
export const POLICIES_BY_CATEGORY: Record<Category, readonly { policy: KeyPolicyName; unit: CostUnit }[]> = {
  events: [
    { policy: 'events', unit: 'event' },
    { policy: 'events-requests', unit: 'request' },
  ],
  analytics: [{ policy: 'analytics', unit: 'request' }],
  management: [{ policy: 'management', unit: 'request' }],
};

/** Unknown keys per address: 20 a minute. */
export const FAILED_AUTH_RATE: PolicyRate = { rate: 20, perSeconds: 60, burst: 20 };

const PREFIX = 'APPFLOW_LIMIT_';

const POLICY_BY_VARIABLE: ReadonlyMap<string, PolicyName> = new Map([
  ['APPFLOW_LIMIT_EVENTS_REQUESTS', 'events-requests'],
  ['APPFLOW_LIMIT_EVENTS', 'events'],
  ['APPFLOW_LIMIT_ANALYTICS', 'analytics'],
  ['APPFLOW_LIMIT_MANAGEMENT', 'management'],
  ['APPFLOW_LIMIT_FAILED_AUTH', 'failed-auth'],
]);

const EXAMPLE = 'Write "off", or rate/burst such as 100/500: 100 a second, 500 at once.';

/** Documented policies that this version does not enforce: switching one off is true already, setting one is not. */
const UNENFORCED: readonly string[] = [
  'APPFLOW_LIMIT_EVENTS_IP_REQUESTS',
  'APPFLOW_LIMIT_EVENTS_IP',
  'APPFLOW_LIMIT_ANALYTICS_IN_FLIGHT',
];

type Switch = { value: PolicyRate | 'off' } | { mistake: string };

/**
 * Returns the installation's overrides from its `APPFLOW_LIMIT_<POLICY>` variables, and one sentence for each
 * mistake. Other variables are passed over; an empty value counts as unset. Source: rate-limits.md.
 */
export function parseLimitSwitches(variables: Readonly<Record<string, string | undefined>>): {
  overrides: LimitOverrides;
  mistakes: string[];
} {
  const overrides: { [Name in PolicyName]?: PolicyRate | 'off' } = {};
  const mistakes: string[] = [];
  for (const [name, text] of Object.entries(variables)) {
    const value = text?.trim() ?? '';
    if (!name.startsWith(PREFIX) || value === '') continue;
    const policy = POLICY_BY_VARIABLE.get(name);
    const parsed = policy === undefined ? parseUnknown(name, value) : parseSwitch(policy, value);
    if ('mistake' in parsed) mistakes.push(`${name}=${value}: ${parsed.mistake}`);
    else if (policy !== undefined) overrides[policy] = parsed.value;
  }
  return { overrides, mistakes };
}

function parseUnknown(name: string, value: string): Switch {
  if (!UNENFORCED.includes(name)) {
    return { mistake: `there is no such limit. The names are ${[...POLICY_BY_VARIABLE.keys()].join(', ')}.` };
  }
  if (value === 'off') return { value };
  return { mistake: 'this version does not enforce that limit yet; leave it out or write "off".' };
}

function parseSwitch(policy: PolicyName, text: string): Switch {
  if (text === 'off') return { value: text };
  const [rateText, burstText, ...rest] = text.split('/');
  if (rateText === undefined || burstText === undefined || rest.length > 0) {
    return { mistake: `it is neither "off" nor two numbers with a slash between. ${EXAMPLE}` };
  }
  const value = { rate: parseDecimal(rateText.trim()), burst: parseDecimal(burstText.trim()) };
  const mistake = findRateMistake(value) ?? findBatchMistake(policy, value.burst);
  return mistake === undefined ? { value } : { mistake: `${mistake}. ${EXAMPLE}` };
}

function findBatchMistake(policy: PolicyName, burst: number): string | undefined {
  if (policy !== 'events' || burst >= EVENTS_PER_BATCH_MAX) return undefined;
  return `the burst must be at least ${EVENTS_PER_BATCH_MAX}, the largest batch, which could otherwise never pass`;
}

/** Plain decimals only: Number() alone would read "", "0x10" and "1e9" as numbers. */
function parseDecimal(text: string): number {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}
