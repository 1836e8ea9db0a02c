import { type Static, Type } from 'typebox';
import type { Actor } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import type { Audit } from '../audit/audit.ts';
import { diffOf } from '../audit/diff.ts';
import { type ControlTransaction, URGENT, type Write } from '../control/control.ts';
import { type ApiKey, statusOf } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import { effectiveScopes } from '../directory/scopes.ts';
import { component } from '../lib/schema.ts';
import { appendForKey, changeKey, type KeyRef } from './change-key.ts';
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
import { requireValidKey } from './validate-key.ts';

/** The request to change a key. Fields left out stay; null removes a restriction. */
export const UPDATE_KEY_BODY = component(
  'ApiKeyChanges',
  Type.Object(
    { name: Type.Optional(KEY_FIELDS.name), ...OPTIONAL_KEY_FIELDS },
    { additionalProperties: false, minProperties: 1 },
  ),
);

/** The request to change a key, validated. */
export type UpdateKeyBody = Static<typeof UPDATE_KEY_BODY>;

/** A change to a key. `ifMatch` is the header: if given, only the version it names is changed. */
export type KeyChange = { keyId: string; body: UpdateKeyBody; ifMatch?: string | undefined };

/**
 * Changes a key and returns it. Throws 412 if `ifMatch` names another version, 422 and 404 as at creation, 403 if the key
 * has more permissions than the grantor, before or after the change; disabling a key needs no more than `keys:write`.
 */
export async function updateKey(
  services: KeyServices,
  project: Project,
  change: KeyChange,
  by: Grantor,
): Promise<ApiKey> {
  const store = async ({ tx, revision }: Write, before: ApiKey) => {
    const after = await requireChangeable({ services, tx, project, by }, before, change);
    const diff = diffOf(toAuditFields(before), toAuditFields(after));
    // Nothing changed: the row keeps its revision, so the key keeps its ETag for other clients.
    if (diff === undefined) return;
    await tx
      .updateTable('api_keys')
      .set({ ...toColumns(after), revision })
      .where('id', '=', before.id)
      .execute();
    const action = isOnlyDisabling(change.body) ? 'api_key.disabled' : 'api_key.updated';
    await appendForKey(services, tx, before, { actor: by.actor, action, diff });
  };
  return changeKey(services, by, change.keyId, store, isOnlyDisabling(change.body) ? URGENT : undefined);
}

/**
 * Disables an enabled key inside a write, for callers that store more in the same one. `at` is when that was decided, if
 * earlier (epoch milliseconds).
 */
export async function storeDisabling(
  services: { audit: Audit },
  { tx, revision }: Write,
  key: KeyRef,
  { actor, at }: { actor: Actor; at?: number },
): Promise<void> {
  await tx.updateTable('api_keys').set({ disabled: 1, revision }).where('id', '=', key.id).execute();
  const diff = { disabled: [false, true] } as const;
  const entry = { actor, action: 'api_key.disabled', diff } as const;
  await appendForKey(services, tx, key, at === undefined ? entry : { ...entry, at });
}

type ChangeContext = { services: KeyServices; tx: ControlTransaction; project: Project; by: Grantor };

/** Returns the key's fields after the change. Throws if the change is invalid or not allowed for this grantor. */
async function requireChangeable(
  { services, tx, project, by }: ChangeContext,
  before: ApiKey,
  { body, ifMatch }: KeyChange,
): Promise<KeyFields> {
  const now = services.clock.now();
  const changed = readKeyFields(body);
  const after = { ...before, ...changed };
  if (!isOnlyDisabling(body)) {
    await requireNoEscalation(services, tx, by, { target: before, project, keyName: 'The key' });
    const granted = effectiveScopes(before.type, after.scopes);
    const target = { ...after, granted, limitsBefore: before.rateLimits };
    await requireNoEscalation(services, tx, by, { target, project, keyName: 'The changed key' });
  }
  requireMatch(ifMatch, before);
  requireActive(statusOf(before, now), body);
  requireValidKey(services, project, changed, { type: before.type, createdAt: before.createdAt, now });
  return after;
}

/** Whether a change only disables the key: that takes access away and gives none. */
export const isOnlyDisabling = (body: UpdateKeyBody) =>
  body.disabled === true && Object.keys(body).length === 1;

/** A key that is believed to be dead must not become valid again by an update; restoring is a verb of its own. */
function requireActive(status: string, body: UpdateKeyBody): void {
  if (status === 'revoked') {
    throw new ApiError('conflict', {
      detail: 'The key is revoked. Restore it first, or create another one.',
    });
  }
  if (status === 'expired' && body.expires_at !== undefined) {
    throw new ApiError('conflict', {
      detail: "The key has expired and can't be reactivated. Create another one.",
    });
  }
}
