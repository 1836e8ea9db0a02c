import { type Static, Type } from 'typebox';
import { ApiError } from '../api/errors.ts';
import { diffOf } from '../audit/audit.ts';
import type { ControlTransaction } from '../control/open.ts';
import { NO_CALLER } from '../control/open.ts';
import { type ApiKey, statusOf } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import { getStoredKey } from '../directory/records.ts';
import { effectiveScopes } from '../directory/scopes.ts';
import type { KeyServices } from './create.ts';
import { type Grantor, requireNoEscalation } from './escalation.ts';
import { requireMatch } from './etag.ts';
import {
  KEY_FIELDS,
  type KeyFields,
  OPTIONAL_KEY_FIELDS,
  readKeyFields,
  toAuditFields,
  toColumns,
} from './key-fields.ts';
import { requireValidKey } from './key-mistakes.ts';

/** What changes of a key. Fields left out stay; null takes a restriction away. */
export const UPDATE_KEY_BODY = Type.Object(
  { name: Type.Optional(KEY_FIELDS.name), ...OPTIONAL_KEY_FIELDS },
  { additionalProperties: false, minProperties: 1 },
);

export type UpdateKeyBody = Static<typeof UPDATE_KEY_BODY>;

/** A change to the key of this id. `ifMatch` is the header: with it, only the version it names is changed. */
export type KeyChange = { keyId: string; body: UpdateKeyBody; ifMatch?: string | undefined };

/**
 * Changes a key and returns it. Throws 412 when `ifMatch` names another version, 422 and 404 as at creation, 403 when
 * the key reaches further than who asks, before or after; switching a key off needs no more than `keys:write`.
 */
export async function updateKey(
  services: KeyServices,
  project: Project,
  change: KeyChange,
  maker: Grantor,
): Promise<ApiKey> {
  const { keyId } = change;
  const updated = await services.control.write(NO_CALLER, async ({ tx, revision }) => {
    const before = await getStoredKey(tx, keyId);
    const after = await requireChangeable(services, tx, project, before, change, maker);
    const diff = diffOf(toAuditFields(before), toAuditFields(after));
    // Nothing changed: the row keeps its version, so that nobody else's If-Match fails for it.
    if (diff === undefined) return before;
    await storeFields(tx, keyId, after, revision);
    const action = isOnlyDisabling(change.body) ? 'api_key.disabled' : 'api_key.updated';
    await services.audit.append(tx, {
      projectId: project.id,
      actor: maker.actor,
      action,
      target: keyId,
      diff,
    });
    return getStoredKey(tx, keyId);
  });
  await services.directory.refresh();
  return services.directory.findKey(keyId) ?? updated;
}

/** Returns the fields as they will be. Throws when this change cannot be made, or not by this maker. */
async function requireChangeable(
  services: KeyServices,
  tx: ControlTransaction,
  project: Project,
  before: ApiKey,
  { body, ifMatch }: KeyChange,
  maker: Grantor,
): Promise<KeyFields> {
  const now = services.clock.now();
  const given = readKeyFields(body);
  const after = { ...before, ...given };
  if (!isOnlyDisabling(body)) {
    await requireNoEscalation(services, tx, before, maker, project, 'The key');
    const granted = effectiveScopes(before.type, after.scopes);
    const target = { ...after, granted, limitsBefore: before.rateLimits };
    await requireNoEscalation(services, tx, target, maker, project, 'The changed key');
  }
  requireMatch(ifMatch, before);
  requireActive(statusOf(before, now), body);
  requireValidKey(services, project, given, { type: before.type, createdAt: before.createdAt, now });
  return after;
}

const isOnlyDisabling = (body: UpdateKeyBody) => body.disabled === true && Object.keys(body).length === 1;

/** Whoever relies on a key being dead must not find it alive again; restoring is a verb of its own. */
function requireActive(status: string, body: UpdateKeyBody): void {
  if (status === 'revoked') {
    throw new ApiError('conflict', { detail: 'The key is revoked. Restore it first, or create another.' });
  }
  if (status === 'expired' && body.expires_at !== undefined) {
    throw new ApiError('conflict', { detail: 'The key has expired and stays so. Create another.' });
  }
}

async function storeFields(
  tx: ControlTransaction,
  keyId: string,
  fields: KeyFields,
  revision: number,
): Promise<void> {
  await tx
    .updateTable('api_keys')
    .set({ ...toColumns(fields), revision })
    .where('id', '=', keyId)
    .execute();
}
