import { type Static, Type } from 'typebox';
import { parseTimestamp } from '../events/timestamp.ts';
import { ApiError, type FieldError, validationFailed } from '../http/errors.ts';
import { closedObject, nullable } from '../http/route.ts';
import { newId } from '../lib/id.ts';
import type { Project } from '../projects/project.ts';
import type { Services } from '../services.ts';
import type { ApiKey } from './key.ts';
import { METADATA } from './key-json.ts';
import { CEILINGS, effectiveScopes, KEY_SCOPES, KEY_TYPES } from './scopes.ts';
import { createSecret, hintOf, macOf } from './secret.ts';
import { findExcess, type Reach } from './within.ts';

const DAY_MS = 86_400_000;
const METADATA_BYTES_MAX = 2_048;
const METADATA_KEYS_MAX = 20;

/** What a new key is asked to be. */
export const CREATE_KEY_BODY = closedObject({
  project_id: Type.Optional(Type.String()),
  name: Type.String({ minLength: 1, maxLength: 100, pattern: '\\S' }),
  type: Type.Enum([...KEY_TYPES]),
  scopes: Type.Optional(Type.Array(Type.Enum([...KEY_SCOPES]), { minItems: 1, maxItems: KEY_SCOPES.length })),
  app_ids: Type.Optional(nullable(Type.Array(Type.String(), { minItems: 1, maxItems: 100 }))),
  expires_at: Type.Optional(nullable(Type.String({ format: 'date-time' }))),
  ip_allowlist: Type.Optional(Type.Array(Type.String({ format: 'cidr' }), { maxItems: 100 })),
  allowed_origins: Type.Optional(Type.Array(Type.String({ format: 'origin' }), { maxItems: 20 })),
  bundle_ids: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 20 })),
  disabled: Type.Optional(Type.Boolean()),
  metadata: Type.Optional(METADATA),
});

export type CreateKeyBody = Static<typeof CREATE_KEY_BODY>;

type KeyServices = Pick<Services, 'control' | 'directory' | 'pepper' | 'clock'>;

/** Who makes a key: another key, which must have everything it gives, or the operator on the machine itself. */
export type KeyMaker = { id: string; reach: Reach | undefined };

/**
 * Creates a key and returns it with its secret, which nobody can see again. Throws 422 for fields that do not fit
 * together, 404 for apps that are not the project's, 403 when the maker would give away more than it has.
 */
export async function createKey(
  services: KeyServices,
  project: Project,
  body: CreateKeyBody,
  maker: KeyMaker,
): Promise<{ key: ApiKey; secret: string }> {
  const now = services.clock.now();
  if (body.project_id !== undefined && body.project_id !== project.id) {
    throw new ApiError('not_found', { detail: 'There is no such project.' });
  }
  const errors = [...findMisfits(body), ...findExpiryMistakes(body, project, now)];
  if (errors.length > 0) throw validationFailed(errors);
  requireApps(services, project, body.app_ids ?? []);
  requireWithin(body, project, maker);
  const keyId = newId('key');
  const secret = createSecret(body.type);
  await insertKey(services, { keyId, secret, project, body, createdBy: maker.id, now });
  await services.directory.refresh();
  const key = services.directory.findKey(keyId);
  if (!key) throw new Error(`Key ${keyId} was stored and is not in the directory.`);
  return { key, secret };
}

/** Fields that are fine alone but not for this type of key. */
function findMisfits(body: CreateKeyBody): FieldError[] {
  const errors: FieldError[] = [];
  const ceiling = CEILINGS[body.type];
  body.scopes?.forEach((scope, index) => {
    if (ceiling.includes(scope)) return;
    const message = `A ${body.type} key can never have ${scope}; it can have ${ceiling.join(', ')}.`;
    errors.push({ field: `scopes.${index}`, code: 'above_ceiling', message });
  });
  if (body.allowed_origins?.length && body.type !== 'read_only') {
    errors.push({
      field: 'allowed_origins',
      code: 'wrong_type',
      message: 'Only read_only keys have allowed_origins.',
    });
  }
  if (body.bundle_ids?.length && body.type !== 'client') {
    errors.push({ field: 'bundle_ids', code: 'wrong_type', message: 'Only client keys have bundle_ids.' });
  }
  const metadata = body.metadata ?? {};
  if (
    Object.keys(metadata).length > METADATA_KEYS_MAX ||
    Buffer.byteLength(JSON.stringify(metadata)) > METADATA_BYTES_MAX
  ) {
    const message = `metadata holds at most ${METADATA_KEYS_MAX} entries and ${METADATA_BYTES_MAX} bytes.`;
    errors.push({ field: 'metadata', code: 'out_of_range', message });
  }
  return errors;
}

function findExpiryMistakes(body: CreateKeyBody, project: Project, now: number): FieldError[] {
  const expiresAt = expiryOf(body);
  const days = project.maxKeyLifetimeDays;
  const mistake = (code: string, message: string) => [{ field: 'expires_at', code, message }];
  if (expiresAt === null) {
    return days === null
      ? []
      : mistake('required', `This project's keys live at most ${days} days: send expires_at.`);
  }
  if (expiresAt <= now) return mistake('out_of_range', 'expires_at must be in the future.');
  if (days !== null && expiresAt > now + days * DAY_MS) {
    return mistake('out_of_range', `This project's keys live at most ${days} days.`);
  }
  return [];
}

const expiryOf = (body: CreateKeyBody) =>
  body.expires_at ? (parseTimestamp(body.expires_at) ?? null) : null;

function requireApps({ directory }: KeyServices, project: Project, appIds: readonly string[]): void {
  for (const appId of appIds) {
    const app = directory.findApp(appId);
    if (app?.projectId === project.id && app.deletedAt === null) continue;
    throw new ApiError('not_found', { detail: 'One of app_ids is no app of this project.' });
  }
}

function requireWithin(body: CreateKeyBody, project: Project, { reach }: KeyMaker): void {
  if (!reach) return;
  const target: Reach = {
    type: body.type,
    granted: effectiveScopes(body.type, body.scopes ?? null),
    appIds: body.app_ids ?? null,
    expiresAt: expiryOf(body),
    ipAllowlist: body.ip_allowlist ?? [],
  };
  const excess = findExcess(target, reach, project.maxKeyLifetimeDays !== null);
  if (excess.length === 0) return;
  throw new ApiError('exceeds_own_permissions', {
    detail: `The new key would reach further than the key that makes it: ${excess.join(', ')}.`,
  });
}

type NewKey = {
  keyId: string;
  secret: string;
  project: Project;
  body: CreateKeyBody;
  createdBy: string;
  now: number;
};

async function insertKey(
  { control, pepper }: KeyServices,
  { keyId, secret, project, body, createdBy, now }: NewKey,
) {
  await control.write(async (tx, revision) => {
    await tx
      .insertInto('api_keys')
      .values({
        id: keyId,
        project_id: project.id,
        type: body.type,
        name: body.name.trim(),
        scopes: body.scopes ? JSON.stringify([...new Set(body.scopes)]) : null,
        app_ids: body.app_ids ? JSON.stringify([...new Set(body.app_ids)]) : null,
        expires_at: expiryOf(body),
        ip_allowlist: JSON.stringify(body.ip_allowlist ?? []),
        allowed_origins: JSON.stringify(body.allowed_origins ?? []),
        bundle_ids: JSON.stringify(body.bundle_ids ?? []),
        metadata: JSON.stringify(body.metadata ?? {}),
        disabled: body.disabled ? 1 : 0,
        created_at: now,
        created_by: createdBy,
        revoked_at: null,
        revoked_by: null,
        revoked_reason: null,
        revision,
      })
      .execute();
    await tx
      .insertInto('key_secrets')
      .values({
        key_id: keyId,
        version: 1,
        mac: Buffer.from(macOf(secret, pepper), 'latin1').toString('base64url'),
        pepper_id: pepper.id,
        hint: hintOf(secret),
        created_at: now,
        expires_at: null,
      })
      .execute();
  });
}
