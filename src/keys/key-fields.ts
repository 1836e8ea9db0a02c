import { type Static, Type } from 'typebox';
import { KEY_SDKS } from '../api/dialect.ts';
import { BUNDLE_ID_LENGTH, NAME_RULES } from '../directory/field-rules.ts';
import type { ApiKey } from '../directory/key.ts';
import { KEY_SCOPES } from '../directory/scopes.ts';
import { closedObject, nullable } from '../lib/schema.ts';
import { parseTimestamp } from '../lib/timestamp.ts';
import { foldRateLimits, RATE_LIMITS } from '../limits/rate-limits.ts';
import { FIELD_HELP, METADATA } from './key-json.ts';

/** The fields of a key that can be set when it is created and changed later. */
export const KEY_FIELDS = {
  name: Type.String({ ...NAME_RULES, description: FIELD_HELP.name }),
  scopes: nullable(Type.Array(Type.Enum([...KEY_SCOPES]), { minItems: 1, maxItems: KEY_SCOPES.length }), {
    description: 'What the key can do; null for every scope of its type.',
  }),
  app_ids: nullable(Type.Array(Type.String(), { minItems: 1, maxItems: 100 }), {
    description: FIELD_HELP.app_ids,
  }),
  expires_at: nullable(Type.String({ format: 'date-time' }), { description: FIELD_HELP.expires_at }),
  ip_allowlist: Type.Array(Type.String({ format: 'cidr' }), {
    maxItems: 100,
    description: FIELD_HELP.ip_allowlist,
  }),
  allowed_origins: Type.Array(Type.String({ format: 'origin' }), {
    maxItems: 20,
    description: FIELD_HELP.allowed_origins,
  }),
  bundle_ids: Type.Array(Type.String(BUNDLE_ID_LENGTH), { maxItems: 20, description: FIELD_HELP.bundle_ids }),
  allowed_sdks: nullable(Type.Array(Type.Enum([...KEY_SDKS]), { minItems: 1, maxItems: KEY_SDKS.length }), {
    description: FIELD_HELP.allowed_sdks,
  }),
  rate_limits: nullable(RATE_LIMITS, { description: FIELD_HELP.rate_limits }),
  disabled: Type.Boolean({ description: FIELD_HELP.disabled }),
  metadata: METADATA,
};

/** The same fields, all optional but without `name`. A field left out has its default, or stays as it is. */
export const OPTIONAL_KEY_FIELDS = {
  scopes: Type.Optional(KEY_FIELDS.scopes),
  app_ids: Type.Optional(KEY_FIELDS.app_ids),
  expires_at: Type.Optional(KEY_FIELDS.expires_at),
  ip_allowlist: Type.Optional(KEY_FIELDS.ip_allowlist),
  allowed_origins: Type.Optional(KEY_FIELDS.allowed_origins),
  bundle_ids: Type.Optional(KEY_FIELDS.bundle_ids),
  allowed_sdks: Type.Optional(KEY_FIELDS.allowed_sdks),
  rate_limits: Type.Optional(KEY_FIELDS.rate_limits),
  disabled: Type.Optional(KEY_FIELDS.disabled),
  metadata: Type.Optional(KEY_FIELDS.metadata),
};

const KEY_FIELDS_BODY = closedObject({ ...OPTIONAL_KEY_FIELDS, name: Type.Optional(KEY_FIELDS.name) });

type KeyFieldsBody = Static<typeof KEY_FIELDS_BODY>;

/** The fields of a key that can be changed. */
export type KeyFields = Pick<
  ApiKey,
  | 'name'
  | 'scopes'
  | 'appIds'
  | 'expiresAt'
  | 'ipAllowlist'
  | 'allowedOrigins'
  | 'bundleIds'
  | 'allowedSdks'
  | 'rateLimits'
  | 'disabled'
  | 'metadata'
>;

/** The defaults: every permission of the key's type, no expiry, no usage restrictions. */
export const UNRESTRICTED: Omit<KeyFields, 'name'> = {
  scopes: null,
  appIds: null,
  expiresAt: null,
  ipAllowlist: [],
  allowedOrigins: [],
  bundleIds: [],
  allowedSdks: null,
  rateLimits: null,
  disabled: false,
  metadata: {},
};

const distinct = <T>(list: readonly T[] | null): T[] | null => (list === null ? null : [...new Set(list)]);

/** Returns the fields that are in a body, as the directory represents them. */
export function readKeyFields(body: KeyFieldsBody): Partial<KeyFields> {
  const fields: Partial<KeyFields> = {};
  if (body.name !== undefined) fields.name = body.name.trim();
  if (body.scopes !== undefined) fields.scopes = distinct(body.scopes);
  if (body.app_ids !== undefined) fields.appIds = distinct(body.app_ids);
  // The schema has validated the text; null means never.
  if (body.expires_at !== undefined) fields.expiresAt = parseTimestamp(body.expires_at) ?? null;
  if (body.ip_allowlist !== undefined) fields.ipAllowlist = body.ip_allowlist;
  if (body.allowed_origins !== undefined) fields.allowedOrigins = body.allowed_origins;
  if (body.bundle_ids !== undefined) fields.bundleIds = body.bundle_ids;
  if (body.allowed_sdks !== undefined) fields.allowedSdks = distinct(body.allowed_sdks);
  if (body.rate_limits !== undefined) fields.rateLimits = foldRateLimits(body.rate_limits);
  if (body.disabled !== undefined) fields.disabled = body.disabled;
  if (body.metadata !== undefined) fields.metadata = body.metadata;
  return fields;
}

const jsonOrNull = (value: unknown) => (value === null ? null : JSON.stringify(value));

/** Returns the columns that store these fields. */
export function toColumns(fields: KeyFields) {
  return {
    name: fields.name,
    scopes: jsonOrNull(fields.scopes),
    app_ids: jsonOrNull(fields.appIds),
    expires_at: fields.expiresAt,
    ip_allowlist: JSON.stringify(fields.ipAllowlist),
    allowed_origins: JSON.stringify(fields.allowedOrigins),
    bundle_ids: JSON.stringify(fields.bundleIds),
    allowed_sdks: jsonOrNull(fields.allowedSdks),
    rate_limits: jsonOrNull(fields.rateLimits),
    disabled: fields.disabled ? 1 : 0,
    metadata: JSON.stringify(fields.metadata),
  };
}

/** Returns the fields as the audit log records them: by their names in the API. */
export function toAuditFields(fields: KeyFields): Record<string, unknown> {
  return {
    name: fields.name,
    scopes: fields.scopes,
    app_ids: fields.appIds,
    expires_at: fields.expiresAt === null ? null : new Date(fields.expiresAt).toISOString(),
    ip_allowlist: fields.ipAllowlist,
    allowed_origins: fields.allowedOrigins,
    bundle_ids: fields.bundleIds,
    allowed_sdks: fields.allowedSdks,
    rate_limits: fields.rateLimits,
    disabled: fields.disabled,
    metadata: fields.metadata,
  };
}
