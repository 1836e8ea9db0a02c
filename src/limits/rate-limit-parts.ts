import type { PolicyRate } from './gcra/limit.ts';
import type { KeyPolicyName } from './policies.ts';

// The dashboard imports this too: nothing here may import a library.

/** A rate that a key or project can set, by the path of its field in the API. */
export type RateLimitField =
  | 'events.requests'
  | 'events.events'
  | 'analytics.requests'
  | 'management.requests';

/** The rates in `rate_limits`. The limit of concurrent queries is no rate. */
type Rates = {
  events?: { requests?: PolicyRate; events?: PolicyRate };
  analytics?: { requests?: PolicyRate };
  management?: { requests?: PolicyRate };
};

type RateLimitPart = { policy: KeyPolicyName; read: (limits: Rates) => PolicyRate | undefined };

/** The policy that each rate replaces, and where it is in `rate_limits`. */
export const RATE_LIMIT_PARTS: Record<RateLimitField, RateLimitPart> = {
  'events.requests': { policy: 'events-requests', read: ({ events }) => events?.requests },
  'events.events': { policy: 'events', read: ({ events }) => events?.events },
  'analytics.requests': { policy: 'analytics', read: ({ analytics }) => analytics?.requests },
  'management.requests': { policy: 'management', read: ({ management }) => management?.requests },
};
