import { type Static, Type } from 'typebox';
import type { Actor } from '../api/caller.ts';
import { ApiError, validationFailed } from '../api/errors.ts';
import type { ChangeServices } from '../audit/audit.ts';
import type { ControlTransaction } from '../control/open.ts';
import { NO_CALLER } from '../control/open.ts';
import { type ApiKey, type KeySecret, liveSecrets, statusOf } from '../directory/key.ts';
import type { Project } from '../directory/project.ts';
import { getStoredKey } from '../directory/records.ts';
import type { KeyType } from '../directory/scopes.ts';
import { closedObject } from '../lib/schema.ts';
import type { KeyServices, KeyWithSecret } from './create.ts';
import { type Grantor, requireNoEscalation } from './escalation.ts';
import { insertSecret } from './new-secret.ts';

const DAY_SECONDS = 86_400;
const GRACE_DEFAULT_SECONDS = DAY_SECONDS;
/** App stores are slow, and so are people who update: a client key's secret may linger for a year. */
const GRACE_SECONDS_MAX: Record<KeyType, number> = {
  server: 7 * DAY_SECONDS,
  read_only: 7 * DAY_SECONDS,
  client: 365 * DAY_SECONDS,
};
/** How long a countdown waits for the new secret to be seen. */
const FIRST_USE_MS_MAX = 30 * DAY_SECONDS * 1_000;

export const ROTATE_KEY_BODY = closedObject({
  grace_seconds: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: GRACE_SECONDS_MAX.client,
      description: `How long the former secret still works; default ${GRACE_DEFAULT_SECONDS}, at most ${GRACE_SECONDS_MAX.server} unless the key is a client key.`,
    }),
  ),
  force: Type.Optional(Type.Boolean({ description: 'Rotate although a former secret still works.' })),
  grace_from: Type.Optional(
    Type.Enum(['now', 'first_use'], {
      description: 'first_use: the grace begins when the new secret is first seen, at most 30 days later.',
    }),
  ),
});

export type RotateKeyBody = Static<typeof ROTATE_KEY_BODY>;

/**
 * Gives a key a new secret and returns it; the former one works on for its grace. Throws 409 while another grace runs
 * (unless forced) or when the key is dead, 403 when it reaches further than who asks, 422 for too long a grace.
 */
export async function rotateKey(
  services: KeyServices,
  project: Project,
  keyId: string,
  body: RotateKeyBody,
  maker: Grantor,
): Promise<KeyWithSecret> {
  const { key, secret } = await services.control.write(NO_CALLER, ({ tx, revision }) =>
    replaceSecret(services, tx, revision, project, { keyId, body }, maker),
  );
  await services.directory.refresh();
  return { key: services.directory.findKey(keyId) ?? key, secret };
}

/** The part of `rotateKey` inside a transaction: for callers that store more in the same one. */
export async function replaceSecret(
  services: KeyServices,
  tx: ControlTransaction,
  revision: number,
  project: Project,
  { keyId, body }: { keyId: string; body: RotateKeyBody },
  maker: Grantor,
): Promise<KeyWithSecret> {
  const now = services.clock.now();
  const key = await getStoredKey(tx, keyId);
  await requireNoEscalation(services, tx, key, maker, project, 'The key');
  requireRotatable(key, body, now);
  const [newest, older] = liveSecrets(key, now);
  if (newest && older && !isUsed(services, keyId, newest)) {
    // The answer with the newest was probably lost: nobody has it, and the older one is what is in use.
    await revokeSecret(tx, keyId, newest.version, now);
  } else if (newest) await startGracePeriod(tx, keyId, newest, older, body, now);
  const version = 1 + Math.max(0, ...key.secrets.map((secret) => secret.version));
  const secret = await insertSecret(services, tx, key, version);
  await tx.updateTable('api_keys').set({ revision }).where('id', '=', keyId).execute();
  const rotated = await getStoredKey(tx, keyId);
  const diff = { secrets: [versions(key, now), versions(rotated, now)] } as const;
  const entry = { projectId: project.id, actor: maker.actor, target: keyId, diff };
  await services.audit.append(tx, { ...entry, action: 'api_key.rotated' });
  return { key: rotated, secret };
}

const versions = (key: ApiKey, now: number) => liveSecrets(key, now).map(({ version }) => version);

function requireRotatable(key: ApiKey, body: RotateKeyBody, now: number): void {
  const status = statusOf(key, now);
  if (status === 'revoked' || status === 'expired') {
    throw new ApiError('conflict', { detail: `The key is ${status}: a new secret would not work either.` });
  }
  const graceMax = GRACE_SECONDS_MAX[key.type];
  if (body.grace_seconds !== undefined && body.grace_seconds > graceMax) {
    const message = `grace_seconds must be at most ${graceMax} for a ${key.type} key.`;
    throw validationFailed([{ field: 'grace_seconds', code: 'out_of_range', message }]);
  }
  if (liveSecrets(key, now).length > 1 && body.force !== true) throw new ApiError('rotation_in_progress');
}

/** A use that is not stored yet counts: whoever has shown the secret has it. */
const isUsed = ({ firstUse }: KeyServices, keyId: string, { version, firstUsedAt }: KeySecret) =>
  firstUsedAt !== null || firstUse.isPending(keyId, version);

/** Gives the newest secret its grace, and ends the older one, so that never more than two live. */
async function startGracePeriod(
  tx: ControlTransaction,
  keyId: string,
  newest: KeySecret,
  older: KeySecret | undefined,
  body: RotateKeyBody,
  now: number,
): Promise<void> {
  if (older) await revokeSecret(tx, keyId, older.version, now);
  const graceMs = (body.grace_seconds ?? GRACE_DEFAULT_SECONDS) * 1_000;
  const waits = body.grace_from === 'first_use';
  const end = now + graceMs + (waits ? FIRST_USE_MS_MAX : 0);
  await tx
    .updateTable('key_secrets')
    .set({ expires_at: end, grace_ms: waits ? graceMs : null })
    .where('key_id', '=', keyId)
    .where('version', '=', newest.version)
    .execute();
}

/** Ends a secret before its time: from now on it is refused as revoked. */
export async function revokeSecret(
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

/** Ends the former secret of a key at once and returns the key. Throws 409 when it has only one. */
export async function endGracePeriod(
  { control, directory, clock, audit }: ChangeServices,
  { id, projectId }: Pick<ApiKey, 'id' | 'projectId'>,
  actor: Actor,
): Promise<ApiKey> {
  const ended = await control.write(NO_CALLER, async ({ tx, revision }) => {
    const now = clock.now();
    const [newest, older] = liveSecrets(await getStoredKey(tx, id), now);
    if (!newest || !older) throw new ApiError('no_grace_running');
    await revokeSecret(tx, id, older.version, now);
    await tx.updateTable('api_keys').set({ revision }).where('id', '=', id).execute();
    const diff = { secrets: [[newest.version, older.version], [newest.version]] } as const;
    await audit.append(tx, { projectId, actor, action: 'api_key.grace_ended', target: id, diff });
    return getStoredKey(tx, id);
  });
  await directory.refresh();
  return directory.findKey(id) ?? ended;
}
