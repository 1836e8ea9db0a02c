import { type Static, Type } from 'typebox';
import type { Requester } from '../api/caller.ts';
import { CAPS } from '../api/caps.ts';
import { ApiError, validationFailed } from '../api/errors.ts';
import type { ChangeServices } from '../audit/audit.ts';
import { type ControlTransaction, URGENT, type Write } from '../control/control.ts';
import { type ApiKey, GRACE_SECONDS_MAX, type KeySecret, liveSecrets, statusOf } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import { getStoredKey } from '../directory/records.ts';
import { DAY_MS, DAY_SECONDS, SECOND_MS } from '../lib/durations.ts';
import { closedObject, component } from '../lib/schema.ts';
import { appendForKey, changeKey, type KeyRef, writeKey } from './change-key.ts';
import type { KeyServices, KeyWithSecret } from './create.ts';
import { type Grantor, requireNoEscalation } from './escalation.ts';
import { insertSecret } from './new-secret.ts';

const GRACE_DEFAULT_SECONDS = DAY_SECONDS;
/** How long a grace period with `first_use` waits for the first use of the new secret. */
const FIRST_USE_MS_MAX = 30 * DAY_MS;

/** The request to rotate a key. */
export const ROTATE_KEY_BODY = component(
  'Rotation',
  closedObject({
    grace_seconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: GRACE_SECONDS_MAX.client,
        description: `How long the old secret keeps working (default ${GRACE_DEFAULT_SECONDS}). At most ${GRACE_SECONDS_MAX.server}, except for client keys.`,
      }),
    ),
    force: Type.Optional(
      Type.Boolean({ description: 'Rotate even if an old secret is still active (default: `false`).' }),
    ),
    grace_from: Type.Optional(
      Type.Enum(['now', 'first_use'], {
        description:
          'When the grace period starts: `now` (default), or with the `first_use` of the new secret, after 30 days at the latest.',
      }),
    ),
  }),
);

/** The request to rotate a key, validated. */
export type RotateKeyBody = Static<typeof ROTATE_KEY_BODY>;

/**
 * Gives a key a new secret and returns both; the old secret stays valid for its grace period. Throws 409 during another
 * grace period (unless forced) or if the key is revoked or expired, 403 if it has more permissions than the grantor, 422
 * if the grace period is too long.
 */
export async function rotateKey(
  services: KeyServices,
  project: Project,
  keyId: string,
  body: RotateKeyBody,
  by: Grantor,
): Promise<KeyWithSecret> {
  return writeKey(services, by, (write) => replaceSecret(services, write, project, { keyId, body }, by));
}

/** The part of `rotateKey` inside a write: for callers that store more in the same one. */
export async function replaceSecret(
  services: KeyServices,
  { tx, revision }: Write,
  project: Project,
  { keyId, body }: { keyId: string; body: RotateKeyBody },
  by: Grantor,
): Promise<KeyWithSecret> {
  const now = services.clock.now();
  const key = await getStoredKey(tx, keyId);
  await requireNoEscalation(services, tx, by, { target: key, project, keyName: 'The key' });
  requireRotatable(key, body, now);
  await retireSecrets(services, tx, key, body, now);
  const version = 1 + Math.max(0, ...key.secrets.map((secret) => secret.version));
  const secret = await insertSecret(services, tx, key, version);
  await forgetOldSecrets(tx, keyId, version, now);
  await tx.updateTable('api_keys').set({ revision }).where('id', '=', keyId).execute();
  const rotated = await getStoredKey(tx, keyId);
  const diff = { secrets: [versions(key, now), versions(rotated, now)] } as const;
  await appendForKey(services, tx, key, { actor: by.actor, action: 'api_key.rotated', diff });
  return { key: rotated, secret };
}

const versions = (key: ApiKey, now: number) => liveSecrets(key, now).map(({ version }) => version);

function requireRotatable(key: ApiKey, body: RotateKeyBody, now: number): void {
  const status = statusOf(key, now);
  if (status === 'revoked' || status === 'expired') {
    throw new ApiError('conflict', { detail: `The key is ${status}, so a new secret wouldn't work either.` });
  }
  const graceMax = GRACE_SECONDS_MAX[key.type];
  if (body.grace_seconds !== undefined && body.grace_seconds > graceMax) {
    const message = `grace_seconds must be at most ${graceMax} for a ${key.type} key.`;
    throw validationFailed([{ field: 'grace_seconds', code: 'out_of_range', message }]);
  }
  if (liveSecrets(key, now).length > 1 && body.force !== true) throw new ApiError('rotation_in_progress');
}

/** Starts the grace period of the newest secret and revokes the older one, so that at most two are valid at a time. */
async function retireSecrets(
  services: KeyServices,
  tx: ControlTransaction,
  key: ApiKey,
  body: RotateKeyBody,
  now: number,
): Promise<void> {
  const [newest, older] = liveSecrets(key, now);
  if (!newest) return;
  if (older && !isUsed(services, key.id, newest)) {
    // The response with the newest secret was probably lost: nothing uses it, the older one is in use.
    await revokeSecret(tx, key.id, newest.version, now);
    return;
  }
  if (older) await revokeSecret(tx, key.id, older.version, now);
  const graceMs = (body.grace_seconds ?? GRACE_DEFAULT_SECONDS) * SECOND_MS;
  const waits = body.grace_from === 'first_use';
  await tx
    .updateTable('key_secrets')
    .set({
      expires_at: now + graceMs + (waits ? FIRST_USE_MS_MAX : 0),
      grace_ms: waits ? graceMs : null,
    })
    .where('key_id', '=', key.id)
    .where('version', '=', newest.version)
    .execute();
}

/** At most two secrets of a key work; the others are only remembered to say why they are refused. */
async function forgetOldSecrets(
  tx: ControlTransaction,
  keyId: string,
  newest: number,
  now: number,
): Promise<void> {
  await tx
    .deleteFrom('key_secrets')
    .where('key_id', '=', keyId)
    .where('version', '<=', newest - CAPS.secretsPerKey)
    .where(({ eb, or }) => or([eb('revoked_at', 'is not', null), eb('expires_at', '<=', now)]))
    .execute();
}

/** A use that is not stored yet counts too: a client that presented the secret has it. */
const isUsed = ({ firstUse }: KeyServices, keyId: string, { version, firstUsedAt }: KeySecret) =>
  firstUsedAt !== null || firstUse.isPending(keyId, version);

/** Revokes one secret of a key: from now on it is rejected as revoked. */
async function revokeSecret(
  tx: ControlTransaction,
  keyId: string,
  version: number,
  now: number,
): Promise<void> {
  await tx
    .updateTable('key_secrets')
    .set({ revoked_at: now })
    .where('key_id', '=', keyId)
    .where('version', '=', version)
    .execute();
}

/** Revokes the old secret of a key immediately and returns the key. Throws 409 if it has only one valid secret. */
export async function endGracePeriod(
  services: ChangeServices,
  { id }: KeyRef,
  by: Requester,
): Promise<ApiKey> {
  const store = async ({ tx, revision }: Write, key: ApiKey) => {
    const now = services.clock.now();
    const [newest, older] = liveSecrets(key, now);
    if (!newest || !older) throw new ApiError('no_grace_running');
    await revokeSecret(tx, id, older.version, now);
    await tx.updateTable('api_keys').set({ revision }).where('id', '=', id).execute();
    const diff = { secrets: [[newest.version, older.version], [newest.version]] } as const;
    await appendForKey(services, tx, key, { actor: by.actor, action: 'api_key.grace_ended', diff });
  };
  return changeKey(services, by, id, store, URGENT);
}
