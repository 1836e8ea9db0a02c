import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { systemActor } from '../api/caller.ts';
import type { Audit } from '../audit/audit.ts';
import type { AuditKey } from '../audit/chain.ts';
import { sealOldChain } from '../audit/seal.ts';
import { type Control, type ControlTransaction, NO_CALLER } from '../control/control.ts';
import { whenFree } from '../control/open-sqlite.ts';
import { encodeMac, macOf, type Pepper } from '../directory/secret.ts';
import { errorCodeOf } from '../lib/errors.ts';
import { PROGRAM } from '../lib/program.ts';
import { fixOf } from './data-dir.ts';

const SECRET_BYTES = 32;
/**
 * A folder whose stored MAC is of the second value was last used by a release that did not seal the audit log. That MAC
 * cannot be computed without the secret, so it cannot be put back to have a truncated log sealed.
 */
const KNOWN_VALUES = { sealed: 'appflow known value, audit log sealed', unsealed: 'appflow known value' };
const SETTING = 'secret_check';

/**
 * Returns the secret in `file`. Throws an error with the fix if it is missing or truncated. It is created only when
 * nothing is stored yet (`isNew`), because a new secret would match none of the stored keys. If two processes start for
 * the first time together, both use the same one.
 */
export function loadSecret(file: string, { isNew = false }: { isNew?: boolean } = {}): string {
  if (!existsSync(file)) {
    if (!isNew) throw new Error(missingSecret(file));
    createSecretFile(file);
  }
  chmodSync(file, 0o600);
  return readSecret(file);
}

/** Returns the secret in `file` and changes nothing. Throws an error with the fix if it is truncated. */
export function readSecret(file: string): string {
  const secret = readFileSync(file, 'utf8').trim();
  if (secret.length >= SECRET_BYTES) return secret;
  throw new Error(
    `The secret in ${file} is truncated. Restore it from a backup; without it, no API key works.`,
  );
}

/** Returns a new secret in `file`. A truncated one is kept beside it. Throws an error with the fix if it cannot be stored. */
export function renewSecretFile(file: string): string {
  if (existsSync(file)) renameSync(file, `${file}.truncated`);
  createSecretFile(file);
  return readSecret(file);
}

const missingSecret = (file: string) =>
  `${file} is missing, but there are keys that depend on it. ` +
  'Restore the file from a backup, or set APPFLOW_SECRET to the same secret; without it, no API key works. ' +
  `If it is lost, run \`${PROGRAM} secret reset\`.`;

/** Written to a draft and linked into place, so that a partial secret is never read, nor left behind by a crash. */
function createSecretFile(file: string): void {
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`, {
      mode: 0o600,
      flush: true,
    });
    linkSync(draft, file);
  } catch (error) {
    if (errorCodeOf(error) === 'EEXIST') return;
    throw new Error(`The secret cannot be stored in ${file}: ${fixOf(error)}`, { cause: error });
  } finally {
    rmSync(draft, { force: true });
  }
}

const knownValueMac = (pepper: Pepper, kind: keyof typeof KNOWN_VALUES = 'sealed') =>
  encodeMac(macOf(KNOWN_VALUES[kind], pepper));

/** Which of the configured secrets a data folder was last used with; `none` before the first use. */
export type SecretMatch = {
  secret: 'current' | 'retired' | 'wrong' | 'none';
  /** Whether a release that did not seal the audit log used it last. */
  isUnsealed: boolean;
};

/** Returns which of the configured secrets the stored known value was computed with. Changes nothing. */
export async function findSecretMatch(
  { db }: Pick<Control, 'db'>,
  pepper: Pepper,
  retired: readonly Pepper[],
): Promise<SecretMatch> {
  const row = await db.selectFrom('settings').select('value').where('name', '=', SETTING).executeTakeFirst();
  if (!row) return { secret: 'none', isUnsealed: false };
  for (const kind of ['sealed', 'unsealed'] as const) {
    const used = [pepper, ...retired].find((one) => row.value === knownValueMac(one, kind));
    if (used) return { secret: used === pepper ? 'current' : 'retired', isUnsealed: kind === 'unsealed' };
  }
  return { secret: 'wrong', isUnsealed: false };
}

type CheckServices = { control: Control; audit: Audit; auditKeys: readonly [AuditKey, ...AuditKey[]] };

/**
 * Throws an error with the fix if the stored keys were created with a secret that is not configured, because no key would
 * ever match. A folder last used with a retired secret is moved to the current one, which the audit log records. The
 * audit log of a release that did not seal it is sealed, once.
 */
export async function requireSameSecret(
  services: CheckServices,
  pepper: Pepper,
  retired: readonly Pepper[],
): Promise<void> {
  const { control } = services;
  await whenFree(() =>
    control.db
      .insertInto('settings')
      .values({ name: SETTING, value: knownValueMac(pepper) })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute(),
  );
  const { secret, isUnsealed } = await findSecretMatch(control, pepper, retired);
  if (secret === 'wrong') throw new Error(WRONG_SECRET);
  if (secret === 'retired' || isUnsealed) await moveToCurrent(services, pepper, retired);
}

/** The error for a wrong secret, with the fix. */
export const WRONG_SECRET =
  'APPFLOW_SECRET is not the secret of this data folder, so no API key would work. ' +
  'Set the old secret again (APPFLOW_SECRET, APPFLOW_SECRET_FILE, or secrets/appflow-secret in the data folder). ' +
  `To replace the secret, set APPFLOW_SECRET_RETIRED to the old one. If it is lost, run \`${PROGRAM} secret reset\`.`;

/** Stores which secret the data folder is used with, whatever it was used with before. */
export async function storeSecretCheck(tx: ControlTransaction, pepper: Pepper): Promise<void> {
  const value = knownValueMac(pepper);
  await tx
    .insertInto('settings')
    .values({ name: SETTING, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

async function moveToCurrent(
  { control, audit, auditKeys }: CheckServices,
  pepper: Pepper,
  retired: readonly Pepper[],
): Promise<void> {
  await control.write(NO_CALLER, async ({ tx }) => {
    // Read again under the write lock: of two processes that start together, only one moves it.
    const { secret, isUnsealed } = await findSecretMatch({ db: tx }, pepper, retired);
    if (isUnsealed) await sealOldChain(tx, auditKeys);
    await tx
      .updateTable('settings')
      .set({ value: knownValueMac(pepper) })
      .where('name', '=', SETTING)
      .execute();
    if (secret !== 'retired') return;
    await audit.append(tx, {
      projectId: null,
      actor: systemActor('start'),
      action: 'secret.rotated',
      target: 'APPFLOW_SECRET',
      diff: { pepper_id: [retired.map(({ id }) => id), pepper.id] },
    });
  });
}

/** How many secrets of keys are stored under the current APPFLOW_SECRET, a retired one, or one not configured. */
export type StoredUnder = { current: number; retired: number; unknown: number };

/** Counts the secrets of keys that are not revoked, by the APPFLOW_SECRET they are stored under. */
export async function countStoredUnder(
  { db }: Pick<Control, 'db'>,
  pepper: Pepper,
  retired: readonly Pepper[],
): Promise<StoredUnder> {
  const rows = await db
    .selectFrom('key_secrets')
    .innerJoin('api_keys', 'api_keys.id', 'key_secrets.key_id')
    .where('api_keys.revoked_at', 'is', null)
    .select(({ fn }) => ['key_secrets.pepper_id', fn.countAll<number>().as('count')])
    .groupBy('key_secrets.pepper_id')
    .execute();
  const retiredIds = new Set(retired.map(({ id }) => id));
  const counts: StoredUnder = { current: 0, retired: 0, unknown: 0 };
  for (const { pepper_id, count } of rows) {
    if (pepper_id === pepper.id) counts.current += Number(count);
    else if (retiredIds.has(pepper_id)) counts.retired += Number(count);
    else counts.unknown += Number(count);
  }
  return counts;
}

/**
 * Returns a warning with the fix if keys that are not revoked were created with a secret that is not configured: they are
 * rejected as unknown, and nothing else would explain it.
 */
export async function findSecretWarning(
  control: Pick<Control, 'db'>,
  pepper: Pepper,
  retired: readonly Pepper[],
): Promise<string | undefined> {
  const { unknown } = await countStoredUnder(control, pepper, retired);
  if (unknown === 0) return undefined;
  const which = unknown === 1 ? 'secret of an API key is' : 'secrets of API keys are';
  return (
    `${unknown} ${which} stored under an APPFLOW_SECRET that is not configured, and refused with invalid_api_key. ` +
    'Set APPFLOW_SECRET_RETIRED to the old secret and restart, or replace and revoke these keys.'
  );
}
