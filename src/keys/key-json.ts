import { type Static, Type } from 'typebox';
import { KEY_SDKS } from '../api/dialect.ts';
import { type ApiKey, expiryOfSecret, KEY_STATUSES, liveSecrets, statusOf } from '../directory/key.ts';
import { KEY_SCOPES, KEY_TYPES } from '../directory/scopes.ts';
import type { Clock } from '../lib/clock.ts';
import { toIsoTime } from '../lib/iso-time.ts';
import { closedObject, component, nullable } from '../lib/schema.ts';
import { RATE_LIMITS } from '../limits/rate-limits.ts';
import { etagOf } from './etag.ts';
import type { KeyUsage } from './usage/usage.ts';

const instant = (description: string) => Type.String({ format: 'date-time', description });

/** An object of strings. Not Type.Record: its pattern for names does not match names with a line break. */
export const METADATA = Type.Unsafe<Record<string, string>>(
  Type.Object(
    {},
    {
      additionalProperties: Type.String(),
      description: 'Your own labels: at most 20, 2 KB in total. Never put secrets here.',
    },
  ),
);

/** Describes the fields of a key that can be set. */
export const FIELD_HELP = {
  name: 'Name it after the service that uses it.',
  app_ids: 'The apps that the key can access; null for all current and future apps.',
  expires_at: 'When the key expires; null for never.',
  ip_allowlist: 'IP addresses and CIDR ranges that requests must come from; empty for any.',
  allowed_origins: 'Origins of web pages that can use the key (read-only keys); empty for none.',
  bundle_ids:
    'Apps that use the key (client keys). Requests from other apps are counted, not rejected: anyone can send a bundle ID.',
  allowed_sdks:
    "The SDKs that can send events with the key (client keys): Appflow's own API, `appflow`, and those of other vendors; null for all.",
  rate_limits: "The key's own rate limits; null for those of the project.",
  disabled: 'Whether requests are rejected until the key is enabled again.',
} as const;

const SECRET_JSON = component(
  'ApiKeySecret',
  closedObject({
    version: Type.Integer({ description: 'Counts the secrets of the key.' }),
    hint: Type.String({ description: 'The part of the secret that can be shown.' }),
    created_at: instant('When it was created.'),
    last_used_at: nullable(instant('When it was last used.')),
    expires_at: nullable(instant('When it expires: with the key, or at the end of the grace period.')),
  }),
  { description: 'A secret of a key that works: one, or two during a rotation.' },
);

const KEY_EXAMPLE = {
  id: 'key_01K9ZV0Q6T4M8XJ2R5C7N3B1WD',
  project_id: 'proj_01K9ZV0Q6T4M8XJ2R5C7N3B1WC',
  type: 'read_only',
  name: 'Nightly report',
  hint: 'ro_af1_AbCd…WxYz',
  status: 'active',
  scopes: ['analytics:read'],
  app_ids: null,
  expires_at: '2027-11-22T10:00:00.000Z',
  ip_allowlist: ['203.0.113.0/24'],
  allowed_origins: [],
  bundle_ids: [],
  allowed_sdks: null,
  rate_limits: null,
  disabled: false,
  metadata: { owner: 'data team' },
  secrets: [
    {
      version: 1,
      hint: 'ro_af1_AbCd…WxYz',
      created_at: '2026-11-22T10:00:00.000Z',
      last_used_at: '2026-11-23T01:00:00.000Z',
      expires_at: '2027-11-22T10:00:00.000Z',
    },
  ],
  created_at: '2026-11-22T10:00:00.000Z',
  created_by: 'key_01K9ZV0Q6T4M8XJ2R5C7N3B1WE',
  revoked_at: null,
  revoked_by: null,
  revoked_reason: null,
  leak_reported_at: null,
  last_used_at: '2026-11-23T01:00:00.000Z',
  last_used_ip: '203.0.113.7',
  last_used_sdk: 'curl/8.10.1',
  request_count: 12,
  bundle_id_mismatches: 0,
  etag: '"Zk1sZb3Tn0qk6M8w"',
};

/**
 * A key as the API returns it, without its secret. A field added here also goes into `client/src/api/keys.ts`; to show it,
 * into `dashboard/src/pages/api-keys/details/key-details.tsx`, whose types follow from this schema.
 */
export const API_KEY_JSON = component(
  'ApiKey',
  closedObject({
    id: Type.String({ description: 'Identifies the key.' }),
    project_id: Type.String({ description: 'The project of the key.' }),
    type: Type.Enum([...KEY_TYPES], { description: 'What the key can do at most, and where it belongs.' }),
    name: Type.String({ description: 'Name of the key.' }),
    hint: Type.String({ description: 'The part of the newest secret that can be shown.' }),
    status: Type.Enum([...KEY_STATUSES], {
      description: '`expiring`: it works and expires within 30 days.',
    }),
    scopes: Type.Array(Type.Enum([...KEY_SCOPES]), { description: 'What the key can do.' }),
    app_ids: nullable(Type.Array(Type.String()), { description: FIELD_HELP.app_ids }),
    expires_at: nullable(instant(FIELD_HELP.expires_at)),
    ip_allowlist: Type.Array(Type.String(), { description: FIELD_HELP.ip_allowlist }),
    allowed_origins: Type.Array(Type.String(), { description: FIELD_HELP.allowed_origins }),
    bundle_ids: Type.Array(Type.String(), { description: FIELD_HELP.bundle_ids }),
    allowed_sdks: nullable(Type.Array(Type.Enum([...KEY_SDKS])), { description: FIELD_HELP.allowed_sdks }),
    rate_limits: nullable(RATE_LIMITS, { description: FIELD_HELP.rate_limits }),
    disabled: Type.Boolean({ description: FIELD_HELP.disabled }),
    metadata: METADATA,
    secrets: Type.Array(SECRET_JSON, { description: 'The secrets that work.' }),
    created_at: instant('When it was created.'),
    created_by: Type.String({ description: 'ID of the key or person that created it.' }),
    revoked_at: nullable(instant('When it was revoked.')),
    revoked_by: nullable(Type.String({ description: 'ID of the key or person that revoked it.' })),
    revoked_reason: nullable(
      Type.String({
        description: 'Why it was revoked. `secret_reset`: the secret of the installation was reset.',
      }),
    ),
    leak_reported_at: nullable(instant('When it was reported as leaked.')),
    last_used_at: nullable(instant('When it was last used.')),
    last_used_ip: nullable(Type.String({ description: 'IP address of the last request.' })),
    last_used_sdk: nullable(
      Type.String({ description: '`X-Appflow-Sdk` of the last request, otherwise its `User-Agent`.' }),
    ),
    request_count: Type.Integer({ description: 'Requests made with the key.' }),
    bundle_id_mismatches: Type.Integer({
      description: 'Requests with an `X-Appflow-Bundle-Id` that is not in `bundle_ids`.',
    }),
    etag: Type.String({
      description: 'Send it as `If-Match` when you update the key: 412 if the key has changed since.',
    }),
  }),
  { description: 'An API key, without its secret.', examples: [KEY_EXAMPLE] },
);

/** A key with its new secret: the answer to creating and to rotating a key. */
export const KEY_WITH_SECRET_JSON = component(
  'ApiKeyWithSecret',
  closedObject({
    ...API_KEY_JSON.properties,
    key: Type.String({ description: 'The full key. Store it now: it is never shown again.' }),
  }),
  { description: 'An API key with its new secret.' },
);

/** A key as the API returns it. */
export type ApiKeyJson = Static<typeof API_KEY_JSON>;

const toIsoOrNull = (instantMs: number | null) => (instantMs === null ? null : toIsoTime(instantMs));

const NEVER_USED: KeyUsage = {
  lastUsedAt: null,
  lastUsedIp: null,
  lastUsedSdk: null,
  requestCount: 0,
  bundleIdMismatches: 0,
  secretsLastUsedAt: new Map(),
};

/** The services that `toKeyJson` needs. Without `usage`, keys appear as never used. */
export type KeyJsonServices = { clock: Clock; usage?: { find: (keyId: string) => KeyUsage } };

/** Returns a key and its usage as the API returns them now. */
export function toKeyJson({ clock, usage: usages }: KeyJsonServices, key: ApiKey): ApiKeyJson {
  const now = clock.now();
  const usage = usages?.find(key.id) ?? NEVER_USED;
  return {
    id: key.id,
    project_id: key.projectId,
    type: key.type,
    name: key.name,
    hint: key.secrets[0]?.hint ?? '',
    status: statusOf(key, now),
    scopes: KEY_SCOPES.filter((scope) => key.granted.has(scope)),
    app_ids: key.appIds === null ? null : [...key.appIds],
    expires_at: toIsoOrNull(key.expiresAt),
    ip_allowlist: [...key.ipAllowlist],
    allowed_origins: [...key.allowedOrigins],
    bundle_ids: [...key.bundleIds],
    allowed_sdks: key.allowedSdks && KEY_SDKS.filter((sdk) => key.allowedSdks?.includes(sdk)),
    rate_limits: key.rateLimits,
    disabled: key.disabled,
    metadata: { ...key.metadata },
    secrets: liveSecrets(key, now).map((secret) => ({
      version: secret.version,
      hint: secret.hint,
      created_at: toIsoTime(secret.createdAt),
      last_used_at: toIsoOrNull(usage.secretsLastUsedAt.get(secret.version) ?? null),
      expires_at: toIsoOrNull(expiryOfSecret(key, secret)),
    })),
    created_at: toIsoTime(key.createdAt),
    created_by: key.createdBy,
    revoked_at: toIsoOrNull(key.revokedAt),
    revoked_by: key.revokedBy,
    revoked_reason: key.revokedReason,
    leak_reported_at: toIsoOrNull(key.leakReportedAt),
    last_used_at: toIsoOrNull(usage.lastUsedAt),
    last_used_ip: usage.lastUsedIp,
    last_used_sdk: usage.lastUsedSdk,
    request_count: usage.requestCount,
    bundle_id_mismatches: usage.bundleIdMismatches,
    etag: etagOf(key),
  };
}
