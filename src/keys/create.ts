import { type Static, Type } from 'typebox';
import { ApiError } from '../api/errors.ts';
import type { ChangeServices } from '../audit/audit.ts';
import { diffOf } from '../audit/diff.ts';
import type { Config } from '../config/config.ts';
import type { Write } from '../control/control.ts';
import type { ApiKey } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import { getStoredKey } from '../directory/records.ts';
import { effectiveScopes, KEY_TYPES } from '../directory/scopes.ts';
import type { Pepper } from '../directory/secret.ts';
import { newId } from '../lib/id.ts';
import { closedObject, component } from '../lib/schema.ts';
import { appendForKey, writeKey } from './change-key.ts';
import { type Grantor, requireNoEscalation } from './escalation.ts';
import { requireRoomForNewKey } from './key-caps.ts';
import {
  KEY_FIELDS,
  OPTIONAL_KEY_FIELDS,
  readKeyFields,
  toAuditFields,
  toColumns,
  UNRESTRICTED,
} from './key-fields.ts';
import { insertSecret } from './new-secret.ts';
import type { Usage } from './usage/usage.ts';
import { requireValidKey } from './validate-key.ts';
import type { FirstUse } from './verify/first-use.ts';

/** The request to create a key. */
export const CREATE_KEY_BODY = component(
  'NewApiKey',
  closedObject({
    project_id: Type.Optional(
      Type.String({ description: 'Must be the project of the key that creates it (default).' }),
    ),
    name: KEY_FIELDS.name,
    type: Type.Enum([...KEY_TYPES], { description: 'What the key can do at most, and where it belongs.' }),
    ...OPTIONAL_KEY_FIELDS,
  }),
);

/** The request to create a key, validated. */
export type CreateKeyBody = Static<typeof CREATE_KEY_BODY>;

/** The services that changing and returning API keys needs. */
export type KeyServices = ChangeServices & {
  config: Config;
  pepper: Pepper;
  firstUse: FirstUse;
  usage: Usage;
};

/** A key and its new secret, which cannot be shown again. */
export type KeyWithSecret = { key: ApiKey; secret: string };

/**
 * Creates a key and returns it with its secret, which cannot be shown again. Throws 422 for fields that do not fit
 * together, 404 for apps of other projects, 403 if the key would have more permissions than the grantor.
 */
export async function createKey(
  services: KeyServices,
  project: Project,
  body: CreateKeyBody,
  by: Grantor,
): Promise<KeyWithSecret> {
  return writeKey(services, by, (write) => insertKey(services, write, project, body, by));
}

/** The part of `createKey` inside a write: for callers that store more in the same one. */
export async function insertKey(
  services: KeyServices,
  { tx, revision }: Write,
  project: Project,
  body: CreateKeyBody,
  by: Grantor,
): Promise<KeyWithSecret> {
  const { type } = body;
  const now = services.clock.now();
  if (body.project_id !== undefined && body.project_id !== project.id) {
    throw new ApiError('not_found', { detail: 'There is no such project.' });
  }
  const fields = { ...UNRESTRICTED, name: '', ...readKeyFields(body) };
  requireValidKey(services, project, fields, { type, createdAt: now, now });
  const target = { ...fields, type, granted: effectiveScopes(type, fields.scopes), limitsBefore: null };
  await requireNoEscalation(services, tx, by, { target, project, keyName: 'The new key' });
  await requireRoomForNewKey(tx, project.id, now);
  const keyId = newId('key');
  await tx
    .insertInto('api_keys')
    .values({
      ...toColumns(fields),
      id: keyId,
      project_id: project.id,
      type,
      created_at: now,
      created_by: by.actor.id,
      revoked_at: null,
      revoked_by: null,
      revoked_reason: null,
      leak_reported_at: null,
      revision,
    })
    .execute();
  const secret = await insertSecret(services, tx, { id: keyId, type }, 1);
  const key = await getStoredKey(tx, keyId);
  const diff = diffOf({}, { type, ...toAuditFields(fields) });
  await appendForKey(services, tx, key, { actor: by.actor, action: 'api_key.created', diff });
  return { key, secret };
}
