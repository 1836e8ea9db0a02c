import { type Static, Type } from 'typebox';
import { closedObject, nullable } from '../http/route.ts';
import { type ApiKey, KEY_STATUSES, statusOf } from './key.ts';
import { KEY_SCOPES, KEY_TYPES } from './scopes.ts';

const instant = () => Type.String({ format: 'date-time' });

/** An object of strings. Not Type.Record: its pattern for names does not see names with a line break. */
export const METADATA = Type.Unsafe<Record<string, string>>(
  Type.Object({}, { additionalProperties: Type.String() }),
);

/** A key as the API tells it: everything but the secret. */
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
  disabled: Type.Boolean(),
  metadata: METADATA,
  secrets: Type.Array(
    closedObject({
      version: Type.Integer(),
      hint: Type.String(),
      created_at: instant(),
      expires_at: nullable(instant()),
    }),
  ),
  created_at: instant(),
  created_by: Type.String(),
  revoked_at: nullable(instant()),
  revoked_by: nullable(Type.String()),
  revoked_reason: nullable(Type.String()),
});

export type ApiKeyJson = Static<typeof API_KEY_JSON>;

const toIso = (instantMs: number) => new Date(instantMs).toISOString();
const toIsoOrNull = (instantMs: number | null) => (instantMs === null ? null : toIso(instantMs));

/** Returns a key as the API tells it at `now` (epoch milliseconds). */
export function toApiKeyJson(key: ApiKey, now: number): ApiKeyJson {
  return {
    id: key.id,
    project_id: key.projectId,
    type: key.type,
    name: key.name,
    hint: key.secrets[0]?.hint ?? '',
    status: statusOf(key, now),
    scopes: [...key.granted],
    app_ids: key.appIds === null ? null : [...key.appIds],
    expires_at: toIsoOrNull(key.expiresAt),
    ip_allowlist: [...key.ipAllowlist],
    allowed_origins: [...key.allowedOrigins],
    bundle_ids: [...key.bundleIds],
    disabled: key.disabled,
    metadata: { ...key.metadata },
    secrets: key.secrets.map((secret) => ({
      version: secret.version,
      hint: secret.hint,
      created_at: toIso(secret.createdAt),
      expires_at: toIsoOrNull(secret.expiresAt),
    })),
    created_at: toIso(key.createdAt),
    created_by: key.createdBy,
    revoked_at: toIsoOrNull(key.revokedAt),
    revoked_by: key.revokedBy,
    revoked_reason: key.revokedReason,
  };
}
