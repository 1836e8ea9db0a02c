import type { Selectable } from 'kysely';
import type { ControlTransaction } from '../control/control.ts';
import type { ApiKeyTable, AppTable, KeySecretTable, ProjectTable } from '../control/schema.ts';
import type { RateLimits } from '../limits/rate-limits.ts';
import type { App, Platform } from './app.ts';
import type { ApiKey, KeySecret } from './key.ts';
import type { Project } from './project.ts';
import { effectiveScopes, type KeyType, type Scope } from './scopes.ts';
import { decodeMac } from './secret.ts';

// Only Appflow writes the control database, and its schema is typed. This is the one place that parses its JSON columns
// and narrows its strings.

function parseList<T extends string>(json: string): T[] {
  return JSON.parse(json) as T[];
}

function parseRateLimits(json: string | null): RateLimits | null {
  return json === null ? null : (JSON.parse(json) as RateLimits);
}

/** Returns the project in a row. */
export function toProject(row: Selectable<ProjectTable>): Project {
  return {
    id: row.id,
    name: row.name,
    maxKeyLifetimeDays: row.max_key_lifetime_days,
    countUnverifiedRevenue: row.count_unverified_revenue === 1,
    leakedKeyPolicy: row.leaked_key_policy === 'revoke' ? 'revoke' : Number(row.leaked_key_policy),
    rateLimits: parseRateLimits(row.rate_limits),
    retentionDays: row.retention_days,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
    revision: row.revision,
  };
}

/** Returns the app in a row. */
export function toApp(row: Selectable<AppTable>): App {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    platform: row.platform as Platform,
    bundleId: row.bundle_id,
    timezone: row.timezone,
    currency: row.currency,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
    revision: row.revision,
  };
}

function toSecret(row: Selectable<KeySecretTable>): KeySecret {
  return {
    version: row.version,
    mac: decodeMac(row.mac),
    hint: row.hint,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    firstUsedAt: row.first_used_at,
    graceMs: row.grace_ms,
  };
}

/** What many keys have in common: the directory keeps it once for all of them. */
export type SharedFields = Pick<
  ApiKey,
  | 'projectId'
  | 'type'
  | 'scopes'
  | 'granted'
  | 'appIds'
  | 'ipAllowlist'
  | 'allowedOrigins'
  | 'bundleIds'
  | 'allowedSdks'
  | 'rateLimits'
  | 'createdBy'
>;

/** Returns the fields in a row that many keys have in common. */
export function toSharedFields(row: Selectable<ApiKeyTable>): SharedFields {
  const type = row.type as KeyType;
  const scopes = row.scopes === null ? null : parseList<Scope>(row.scopes);
  return {
    projectId: row.project_id,
    type,
    scopes,
    granted: effectiveScopes(type, scopes),
    appIds: row.app_ids === null ? null : parseList(row.app_ids),
    ipAllowlist: parseList(row.ip_allowlist),
    allowedOrigins: parseList(row.allowed_origins),
    bundleIds: parseList(row.bundle_ids),
    allowedSdks: row.allowed_sdks === null ? null : parseList(row.allowed_sdks),
    rateLimits: parseRateLimits(row.rate_limits),
    createdBy: row.created_by,
  };
}

/** What a key has for itself. */
export type OwnFields = Omit<ApiKey, keyof SharedFields>;

/** Returns the key with these fields. The order of its members counts: its etag is a hash of them. */
export function joinFields(shared: SharedFields, own: OwnFields): ApiKey {
  return {
    id: own.id,
    projectId: shared.projectId,
    type: shared.type,
    name: own.name,
    scopes: shared.scopes,
    granted: shared.granted,
    appIds: shared.appIds,
    expiresAt: own.expiresAt,
    ipAllowlist: shared.ipAllowlist,
    allowedOrigins: shared.allowedOrigins,
    bundleIds: shared.bundleIds,
    allowedSdks: shared.allowedSdks,
    metadata: own.metadata,
    disabled: own.disabled,
    createdAt: own.createdAt,
    createdBy: shared.createdBy,
    revokedAt: own.revokedAt,
    revokedBy: own.revokedBy,
    revokedReason: own.revokedReason,
    rateLimits: shared.rateLimits,
    leakReportedAt: own.leakReportedAt,
    isProjectDeleted: own.isProjectDeleted,
    secrets: own.secrets,
    revision: own.revision,
  };
}

/** Returns the key in a row and the rows of its secrets. */
export function toApiKey(
  row: Selectable<ApiKeyTable>,
  secrets: Selectable<KeySecretTable>[],
  { isProjectDeleted }: Pick<ApiKey, 'isProjectDeleted'>,
): ApiKey {
  return joinFields(toSharedFields(row), {
    id: row.id,
    name: row.name,
    expiresAt: row.expires_at,
    metadata: JSON.parse(row.metadata) as Record<string, string>,
    disabled: row.disabled === 1,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
    revokedBy: row.revoked_by,
    revokedReason: row.revoked_reason,
    leakReportedAt: row.leak_reported_at,
    isProjectDeleted,
    secrets: secrets.map(toSecret).sort((a, b) => b.version - a.version),
    revision: row.revision,
  });
}

/**
 * Returns a key as it is stored now. Verbs decide on this, inside the transaction that writes, not on what they read
 * before: of two concurrent changes, the second sees the first.
 */
export async function getStoredKey(tx: ControlTransaction, keyId: string): Promise<ApiKey> {
  const row = await tx
    .selectFrom('api_keys')
    .innerJoin('projects', 'projects.id', 'api_keys.project_id')
    .selectAll('api_keys')
    .select('projects.deleted_at as project_deleted_at')
    .where('api_keys.id', '=', keyId)
    .executeTakeFirstOrThrow();
  const secrets = await tx.selectFrom('key_secrets').selectAll().where('key_id', '=', keyId).execute();
  return toApiKey(row, secrets, { isProjectDeleted: row.project_deleted_at !== null });
}
