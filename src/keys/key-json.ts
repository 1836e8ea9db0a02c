import { type Static, Type } from 'typebox';
import { type ApiKey, expiryOfSecret, KEY_STATUSES, liveSecrets, statusOf } from '../directory/key.ts';
import { KEY_SCOPES, KEY_TYPES } from '../directory/scopes.ts';
import type { Clock } from '../lib/clock.ts';
import { closedObject, nullable } from '../lib/schema.ts';
import { RATE_LIMITS } from '../limits/rate-limits.ts';
import { etagOf } from './etag.ts';
import type { KeyUsage } from './usage/usage.ts';

const instant = () => Type.String({ format: 'date-time' });

/** An object of strings. Not Type.Record: its pattern for names does not match names with a line break. */
export const METADATA = Type.Unsafe<Record<string, string>>(
  Type.Object({}, { additionalProperties: Type.String() }),
);

/**
 * A key as the API returns it, without its secret. A field added here also goes into `client/src/api/keys.ts`; to show it,
 * into `dashboard/src/pages/api-keys/details/key-details.tsx`, whose types follow from this schema.
 */
export const API_KEY_JSON = closedObject({
  id: Type.String(),
  project_id: Type.String(),
  type: Type.Enum([...KEY_TYPES]),
  name: Type.String(),
  hint: Type.String(),
  status: Type.Enum([...KEY_STATUSES]),
  scopes: Type.Array(Type.Enum([...KEY_SCOPES])),
  app_ids: nullable(Type.Array(Type.String())),
  expires_at: nullable(instant()),
  ip_allowlist: Type.Array(Type.String()),
  allowed_origins: Type.Array(Type.String()),
  bundle_ids: Type.Array(Type.String()),
  rate_limits: nullable(RATE_LIMITS),
  disabled: Type.Boolean(),
  metadata: METADATA,
  secrets: Type.Array(
    closedObject({
      version: Type.Integer(),
      hint: Type.String(),
      created_at: instant(),
      last_used_at: nullable(instant()),
      expires_at: nullable(instant()),
    }),
  ),
  created_at: instant(),
  created_by: Type.String(),
  revoked_at: nullable(instant()),
  revoked_by: nullable(Type.String()),
  revoked_reason: nullable(Type.String()),
  leak_reported_at: nullable(instant()),
  last_used_at: nullable(instant()),
  last_used_ip: nullable(Type.String()),
  last_used_sdk: nullable(
    Type.String({ description: 'X-Appflow-Sdk, else User-Agent, of the last request.' }),
  ),
  request_count: Type.Integer(),
  bundle_id_mismatches: Type.Integer({
    description:
      'Requests whose X-Appflow-Bundle-Id is not in bundle_ids. Anyone can send that header: a hint, no proof.',
  }),
  etag: Type.String({ description: 'Send it as If-Match with a PATCH: 412 when someone else was faster.' }),
});

/** A key with its new secret: the answer to creating and to rotating a key. */
export const KEY_WITH_SECRET_JSON = closedObject({
  ...API_KEY_JSON.properties,
  key: Type.String({ description: 'The whole key. This is the only time it is shown.' }),
});

/** A key as the API returns it. */
export type ApiKeyJson = Static<typeof API_KEY_JSON>;

const toIso = (instantMs: number) => new Date(instantMs).toISOString();
const toIsoOrNull = (instantMs: number | null) => (instantMs === null ? null : toIso(instantMs));

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
    rate_limits: key.rateLimits,
    disabled: key.disabled,
    metadata: { ...key.metadata },
    secrets: liveSecrets(key, now).map((secret) => ({
      version: secret.version,
      hint: secret.hint,
      created_at: toIso(secret.createdAt),
      last_used_at: toIsoOrNull(usage.secretsLastUsedAt.get(secret.version) ?? null),
      expires_at: toIsoOrNull(expiryOfSecret(key, secret)),
    })),
    created_at: toIso(key.createdAt),
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
