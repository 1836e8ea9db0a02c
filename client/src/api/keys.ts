import type { PageQuery } from './list.ts';
import type { RateLimits } from './projects.ts';

export type Scope =
  | 'events:write'
  | 'events:read'
  | 'analytics:read'
  | 'users:read'
  | 'users:delete'
  | 'apps:read'
  | 'apps:write'
  | 'project:read'
  | 'project:write'
  | 'keys:read'
  | 'keys:write'
  | 'audit:read';

export type KeyType = 'server' | 'client' | 'read_only';

export type KeyStatus = 'active' | 'expiring' | 'expired' | 'disabled' | 'revoked';

/** What sends events: Appflow's own API, or another vendor's SDK. */
export type Sdk =
  | 'appflow'
  | 'posthog'
  | 'segment'
  | 'rudderstack'
  | 'amplitude'
  | 'jitsu'
  | 'openpanel'
  | 'aptabase'
  | 'mixpanel';

/** A key without its secret. */
export type ApiKey = {
  id: string;
  project_id: string;
  type: KeyType;
  name: string;
  hint: string;
  status: KeyStatus;
  scopes: Scope[];
  app_ids: string[] | null;
  expires_at: string | null;
  ip_allowlist: string[];
  allowed_origins: string[];
  bundle_ids: string[];
  allowed_sdks: Sdk[] | null;
  rate_limits: RateLimits | null;
  disabled: boolean;
  metadata: Record<string, string>;
  secrets: {
    version: number;
    hint: string;
    created_at: string;
    last_used_at: string | null;
    expires_at: string | null;
  }[];
  created_at: string;
  created_by: string;
  revoked_at: string | null;
  revoked_by: string | null;
  revoked_reason: string | null;
  leak_reported_at: string | null;
  last_used_at: string | null;
  last_used_ip: string | null;
  last_used_sdk: string | null;
  request_count: number;
  bundle_id_mismatches: number;
  etag: string;
};

/** A key with its new secret in `key`: the only response that contains it. */
export type ApiKeyWithSecret = ApiKey & { key: string };

type Restrictions = {
  scopes?: Scope[] | null;
  app_ids?: string[] | null;
  expires_at?: string | null;
  ip_allowlist?: string[];
  allowed_origins?: string[];
  bundle_ids?: string[];
  allowed_sdks?: Sdk[] | null;
  rate_limits?: RateLimits | null;
  disabled?: boolean;
  metadata?: Record<string, string>;
};

export type NewKey = Restrictions & { name: string; type: KeyType; project_id?: string };

/** Changes to a key; null removes a restriction. */
export type KeyChange = Restrictions & { name?: string };

export type KeyQuery = PageQuery & {
  type?: KeyType;
  status?: KeyStatus;
  expires_before?: string;
  unused_for_days?: number;
  app_id?: string;
};

export type Rotation = { grace_seconds?: number; force?: boolean; grace_from?: 'now' | 'first_use' };

export type RevokeReason = 'unused' | 'rotated' | 'leaked' | 'member_left' | 'other';

/** The key that made the request. For a client key, only the required fields are returned. */
export type OwnKey = Pick<ApiKey, 'id' | 'type' | 'scopes' | 'project_id' | 'app_ids' | 'expires_at'> &
  Partial<ApiKey>;

/** The result of reporting a client key as leaked. */
export type LeakReport = { id: string; message: string };

/** Start and end, RFC 3339; default: the last seven days. */
export type UsageQuery = { from?: string; to?: string };

export type UsageHour = {
  hour: string;
  category: 'events' | 'analytics' | 'management';
  ok: number;
  unauthorized: number;
  forbidden: number;
  limited: number;
};
