// What the API answers, taken from the server's own schemas: the compiler holds both sides together.
// biome-ignore lint/correctness/noUndeclaredDependencies: a type only; typebox is the server's, whose schemas these are.
import type { Static } from 'typebox';
import type { BREAKDOWN_ANSWER } from '../../../src/analytics/breakdown.ts';
import type { DAILY_ANSWER } from '../../../src/analytics/daily.ts';
import type { LIVE_ANSWER } from '../../../src/analytics/live.ts';
import type { APP_JSON } from '../../../src/apps/app-json.ts';
import type { SEARCH_ANSWER } from '../../../src/events/search.ts';
import type { AuditEntryJson } from '../../../src/keys/audit-list.ts';
import type { API_KEY_JSON, MINTED_KEY_JSON } from '../../../src/keys/key-json.ts';
import type { RateLimits } from '../../../src/keys/rate-limits.ts';
import type { PROJECT_JSON } from '../../../src/projects/project-json.ts';

export type Page<T> = { data: T[]; next_cursor: string | null };

export type App = Static<typeof APP_JSON>;
export type Platform = App['platform'];
export type ApiKey = Static<typeof API_KEY_JSON>;
export type MintedKey = Static<typeof MINTED_KEY_JSON>;
export type KeyType = ApiKey['type'];
export type KeyStatus = ApiKey['status'];
export type KeyScope = ApiKey['scopes'][number];
export type KeyRateLimits = RateLimits;
export type ProjectSettings = Static<typeof PROJECT_JSON>;
export type AuditEntry = AuditEntryJson;
export type DailyAnswer = Static<typeof DAILY_ANSWER>;
export type BreakdownAnswer = Static<typeof BREAKDOWN_ANSWER>;
export type LiveAnswer = Static<typeof LIVE_ANSWER>;
export type EventRecord = Static<typeof SEARCH_ANSWER>['data'][number];

/** One hour of a key's requests in one category. */
export type UsageHour = {
  hour: string;
  category: 'events' | 'analytics' | 'management';
  ok: number;
  unauthorized: number;
  forbidden: number;
  limited: number;
};

/** What a member may do, beside the scopes of keys. */
export type MemberScope = KeyScope | 'members:read' | 'members:write';

export type Role = 'owner' | 'admin' | 'developer' | 'analyst';

export type SessionProject = { id: string; name: string; role: Role; scopes: MemberScope[] };

export type Session = {
  user: { id: string; name: string; email: string; has_totp: boolean };
  csrf_token: string;
  stepped_up_until: string | null;
  projects: SessionProject[];
};

export type BrowserSession = {
  id: string;
  created_at: string;
  last_seen_at: string;
  ip: string | null;
  user_agent: string | null;
  is_current: boolean;
};

export type Member = {
  id: string;
  name: string;
  email: string;
  role: Role;
  created_at: string;
  last_seen_at: string | null;
  is_you: boolean;
};

export type Invitation = {
  id: string;
  email: string;
  role: Role;
  created_at: string;
  expires_at: string;
  created_by: string;
};
