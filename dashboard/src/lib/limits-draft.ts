import { DEFAULT_RATES } from '../../../src/limits/policies.ts';
import { RATE_LIMIT_PARTS, type RateLimitField } from '../../../src/limits/rate-limit-parts.ts';
import type { KeyRateLimits, KeyType } from '../api/answers.ts';

export type LimitPart = RateLimitField;

export type Rate = { rate: number; burst: number };

/** What each limit counts, and the key types it applies to. */
export const LIMIT_PARTS: readonly {
  part: LimitPart;
  label: string;
  unit: string;
  types: readonly KeyType[];
}[] = [
  { part: 'events.requests', label: 'Event batches', unit: 'requests', types: ['server', 'client'] },
  { part: 'events.events', label: 'Events', unit: 'events', types: ['server', 'client'] },
  { part: 'analytics.requests', label: 'Analytics', unit: 'requests', types: ['server', 'read_only'] },
  { part: 'management.requests', label: 'Management', unit: 'requests', types: ['server', 'read_only'] },
];

/** Returns the rate that applies if neither key nor project sets one. An installation may configure others. */
export function defaultRate(type: KeyType, part: LimitPart): Rate {
  return DEFAULT_RATES[type][RATE_LIMIT_PARTS[part].policy];
}

/** Returns the rate of one limit; undefined if it is the default. */
export function readLimit(limits: KeyRateLimits | null, part: LimitPart): Rate | undefined {
  return RATE_LIMIT_PARTS[part].read(limits ?? {});
}

/** Returns the limits with one rate set, or reset to the default (undefined); null if nothing is set. */
export function withLimit(
  limits: KeyRateLimits | null,
  part: LimitPart,
  rate: Rate | undefined,
): KeyRateLimits | null {
  const of = (known: LimitPart) => (known === part ? rate : readLimit(limits, known));
  const inFlight = limits?.analytics?.in_flight;
  const events = { requests: of('events.requests'), events: of('events.events') };
  const analytics = { requests: of('analytics.requests'), in_flight: inFlight };
  const management = { requests: of('management.requests') };
  const given = (group: object) => Object.entries(group).filter(([, value]) => value !== undefined);
  const groups = Object.entries({ events, analytics, management })
    .map(([name, group]) => [name, Object.fromEntries(given(group))] as const)
    .filter(([, group]) => Object.keys(group).length > 0);
  return groups.length === 0 ? null : Object.fromEntries(groups);
}
