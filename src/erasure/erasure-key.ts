import { createCipheriv, createDecipheriv, createHmac, type KeyObject, randomBytes } from 'node:crypto';
import type { Control, ControlTransaction } from '../control/control.ts';
import { whenFree } from '../control/open-sqlite.ts';
import { deriveKey } from '../directory/secret.ts';
import type { IdKey } from '../warehouse/erased-ids.ts';

/** What IDs of erased people and their events are stored with, so that they are recognized but cannot be read. */
export type ErasureKey = IdKey & {
  /** Returns the MAC of a user's ID in an app. */
  macOfUser(appId: string, appUserId: string): string;
};

const SETTING = 'erasure_key';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** 128 bits of the HMAC: enough that no two IDs share one, in half the memory. */
const MAC_BYTES = 16;

/**
 * Returns the installation's key, which is created at the first call. It is stored encrypted with APPFLOW_SECRET (the first
 * of `secrets`; the others are retired ones), so that what was erased stays erased when the secret is replaced. Throws an
 * Error with the fix if none of the secrets decrypts it.
 */
export async function openErasureKey(
  { db }: Pick<Control, 'db'>,
  secrets: readonly [string, ...string[]],
): Promise<ErasureKey> {
  const [current, ...retired] = secrets.map((secret) => deriveKey(secret, 'erasure'));
  if (current === undefined) throw new Error('There is no secret.');
  const created = seal(current, randomBytes(32));
  await whenFree(() =>
    db
      .insertInto('settings')
      .values({ name: SETTING, value: created })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute(),
  );
  const row = await db
    .selectFrom('settings')
    .select('value')
    .where('name', '=', SETTING)
    .executeTakeFirstOrThrow();
  const known = unseal(current, row.value);
  if (known) return createErasureKey(known);
  const old = retired.map((key) => unseal(key, row.value)).find((key) => key !== undefined);
  if (old === undefined) throw new Error(UNREADABLE);
  const value = seal(current, old);
  await whenFree(() => db.updateTable('settings').set({ value }).where('name', '=', SETTING).execute());
  return createErasureKey(old);
}

/** Removes the key, because the secret that it is encrypted with was lost: the next start creates another one. */
export async function forgetErasureKey(tx: ControlTransaction): Promise<void> {
  await tx.deleteFrom('settings').where('name', '=', SETTING).execute();
}

const UNREADABLE =
  'The key that erased people are recognized with cannot be decrypted: it belongs to another APPFLOW_SECRET. ' +
  'Set APPFLOW_SECRET_RETIRED to the old secret and start again.';

function createErasureKey(bytes: Buffer): ErasureKey {
  const base = bytes.toString('base64url');
  const [macKey, sealKey] = [deriveKey(base, 'erasure/mac'), deriveKey(base, 'erasure/seal')];
  const macOf = (text: string) =>
    createHmac('sha256', macKey).update(text).digest().subarray(0, MAC_BYTES).toString('base64url');
  return {
    macOf,
    // App IDs contain no space.
    macOfUser: (appId, appUserId) => macOf(`user ${appId} ${appUserId.toWellFormed()}`),
    seal: (content) => seal(sealKey, content),
    unseal: (sealed) => unseal(sealKey, sealed),
  };
}

function seal(key: KeyObject, bytes: Uint8Array): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
}

function unseal(key: KeyObject, text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  const start = NONCE_BYTES + TAG_BYTES;
  if (bytes.length < start) return undefined;
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, start));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(start)), decipher.final()]);
  } catch {
    return undefined;
  }
}
