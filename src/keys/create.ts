import { type Static, Type } from 'typebox';
import { ApiError } from '../api/errors.ts';
import type { ChangeServices } from '../audit/audit.ts';
import { diffOf } from '../audit/audit.ts';
import type { Config } from '../config/config.ts';
import type { ControlTransaction } from '../control/open.ts';
import { NO_CALLER } from '../control/open.ts';
import type { ApiKey } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import { getStoredKey } from '../directory/records.ts';
import { effectiveScopes, KEY_TYPES } from '../directory/scopes.ts';
import type { Pepper } from '../directory/secret.ts';
import { newId } from '../lib/id.ts';
import { closedObject } from '../lib/schema.ts';
import { type Grantor, requireNoEscalation } from './escalation.ts';
import {
  KEY_FIELDS,
  OPTIONAL_KEY_FIELDS,
  readKeyFields,
  toAuditFields,
  toColumns,
  UNRESTRICTED,
} from './key-fields.ts';
import { requireValidKey } from './key-mistakes.ts';
import { insertSecret } from './new-secret.ts';
import type { Usage } from './usage/usage.ts';
import type { FirstUse } from './verify/first-use.ts';

/** What a new key is asked to be. */
export const CREATE_KEY_BODY = closedObject({
  project_id: Type.Optional(Type.String()),
  name: KEY_FIELDS.name,
  type: Type.Enum([...KEY_TYPES]),
  ...OPTIONAL_KEY_FIELDS,
});

export type CreateKeyBody = Static<typeof CREATE_KEY_BODY>;

/** What changing and showing API keys takes. */
export type KeyServices = ChangeServices & {
  config: Config;
  pepper: Pepper;
  firstUse: FirstUse;
  usage: Usage;
};

/** A key and its new secret, which nobody can see again. */
export type KeyWithSecret = { key: ApiKey; secret: string };

/**
 * Creates a key and returns it with its secret, which nobody can see again. Throws 422 for fields that do not fit
 * together, 404 for apps that are not the project's, 403 when the maker would give away more than it has.
 */
export async function createKey(
  services: KeyServices,
  project: Project,
  body: CreateKeyBody,
  maker: Grantor,
): Promise<KeyWithSecret> {
  const { key, secret } = await services.control.write(NO_CALLER, ({ tx, revision }) =>
    insertKey(services, tx, revision, project, body, maker),
  );
  await services.directory.refresh();
  return { key: services.directory.findKey(key.id) ?? key, secret };
}

/** The part of `createKey` inside a transaction: for callers that store more in the same one. */
export async function insertKey(
  services: KeyServices,
  tx: ControlTransaction,
  revision: number,
  project: Project,
  body: CreateKeyBody,
  maker: Grantor,
): Promise<KeyWithSecret> {
  const { type } = body;
  const now = services.clock.now();
  if (body.project_id !== undefined && body.project_id !== project.id) {
    throw new ApiError('not_found', { detail: 'There is no such project.' });
  }
  const fields = { ...UNRESTRICTED, name: '', ...readKeyFields(body) };
  requireValidKey(services, project, fields, { type, createdAt: now, now });
  const target = { ...fields, type, granted: effectiveScopes(type, fields.scopes), limitsBefore: null };
  await requireNoEscalation(services, tx, target, maker, project, 'The new key');
  const keyId = newId('key');
  await tx
    .insertInto('api_keys')
    .values({
      ...toColumns(fields),
      id: keyId,
      project_id: project.id,
      type,
      created_at: now,
      created_by: maker.actor.id,
      revoked_at: null,
      revoked_by: null,
      revoked_reason: null,
      leak_reported_at: null,
      revision,
    })
    .execute();
  const secret = await insertSecret(services, tx, { id: keyId, type }, 1);
  const diff = diffOf({}, { type, ...toAuditFields(fields) });
  const entry = { projectId: project.id, actor: maker.actor, target: keyId, diff };
  await services.audit.append(tx, { ...entry, action: 'api_key.created' });
  return { key: await getStoredKey(tx, keyId), secret };
}
