import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Actor } from '../api/caller.ts';
import type { Audit } from '../audit/audit.ts';
import { type Control, NO_CALLER, whenFree } from '../control/open.ts';
import { macOf, type Pepper } from '../directory/secret.ts';
import { errorCodeOf } from '../lib/errors.ts';
import { cureOf } from './data-dir.ts';

const SECRET_BYTES = 32;
const KNOWN_VALUE = 'appflow known value';
const SETTING = 'secret_check';

/**
 * Returns the secret kept in `file`. Throws, saying what to do, when it is missing or cut short. Made only where
 * nothing is stored yet (`isNew`): beside stored keys a new secret would match none of them. Two first starts at once
 * agree on one.
 */
export function loadSecret(file: string, { isNew = false }: { isNew?: boolean } = {}): string {
  if (!existsSync(file)) {
    if (!isNew) throw new Error(missingSecret(file));
    createSecretFile(file);
  }
  chmodSync(file, 0o600);
  return readSecret(file);
}

/** Returns the secret kept in `file` and changes nothing. Throws, saying what to do, when it is cut short. */
export function readSecret(file: string): string {
  const secret = readFileSync(file, 'utf8').trim();
  if (secret.length >= SECRET_BYTES) return secret;
  throw new Error(
    `The secret in ${file} is cut short. Put the former one back; without it no API key works.`,
  );
}

const missingSecret = (file: string) =>
  `The secret is missing: ${file} is not there, but keys made under it are stored. ` +
  'Put the file back from a backup, or set the same secret as APPFLOW_SECRET; without it no API key works.';

/** Written aside and linked into place: nobody ever reads half a secret, and a kill leaves none. */
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
    throw new Error(`The secret cannot be kept in ${file}: ${cureOf(error)}`, { cause: error });
  } finally {
    rmSync(draft, { force: true });
  }
}

const knownValueMac = (pepper: Pepper) =>
  Buffer.from(macOf(KNOWN_VALUE, pepper), 'latin1').toString('base64url');

/** Which secret a data folder was last used with; `none` before the first use. */
export type SecretMatch = 'present' | 'retired' | 'wrong' | 'none';

/** Returns which of the configured secrets the stored known value was made under. Changes nothing. */
export async function findSecretMatch(
  { db }: Pick<Control, 'db'>,
  pepper: Pepper,
  retired: readonly Pepper[],
): Promise<SecretMatch> {
  const row = await db.selectFrom('settings').select('value').where('name', '=', SETTING).executeTakeFirst();
  if (!row) return 'none';
  if (row.value === knownValueMac(pepper)) return 'present';
  return retired.some((former) => row.value === knownValueMac(former)) ? 'retired' : 'wrong';
}

/**
 * Throws, saying what to do, when the stored keys were made under a secret that is not configured: no key would ever
 * match. A folder used under a retired secret is moved to the present one, and the audit log tells of it.
 */
export async function requireSameSecret(
  { control, audit }: { control: Control; audit: Audit },
  pepper: Pepper,
  retired: readonly Pepper[],
): Promise<void> {
  const check = knownValueMac(pepper);
  await whenFree(() =>
    control.db
      .insertInto('settings')
      .values({ name: SETTING, value: check })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute(),
  );
  const match = await findSecretMatch(control, pepper, retired);
  if (match === 'present') return;
  if (match === 'retired') return moveToCurrentSecret(control, audit, pepper, retired);
  throw new Error(WRONG_SECRET);
}

/** What to do about a wrong secret. */
export const WRONG_SECRET =
  'APPFLOW_SECRET is not the secret this data folder was made with, so no API key would work. ' +
  'Set the former secret again (APPFLOW_SECRET, APPFLOW_SECRET_FILE, or secrets/appflow-secret in the data folder). ' +
  'To replace the secret, set the former one as APPFLOW_SECRET_RETIRED.';

const SYSTEM_ACTOR: Actor = { type: 'system', id: 'start', ip: null, requestId: null };

async function moveToCurrentSecret(
  control: Control,
  audit: Audit,
  pepper: Pepper,
  retired: readonly Pepper[],
): Promise<void> {
  await control.write(NO_CALLER, async ({ tx }) => {
    // Looked at again under the write lock: of two processes that start at once, one moves it.
    if ((await findSecretMatch({ db: tx }, pepper, retired)) !== 'retired') return;
    await tx
      .updateTable('settings')
      .set({ value: knownValueMac(pepper) })
      .where('name', '=', SETTING)
      .execute();
    await audit.append(tx, {
      projectId: null,
      actor: SYSTEM_ACTOR,
      action: 'secret.rotated',
      target: 'APPFLOW_SECRET',
      diff: { pepper_id: [retired.map(({ id }) => id), pepper.id] },
    });
  });
}

/** How many secrets of keys that still can be used are stored under which configured secret. */
export type StoredUnder = { current: number; retired: number; unknown: number };

/** Counts the stored secrets of keys that are not revoked by the secret they are stored under. */
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
  const former = new Set(retired.map(({ id }) => id));
  const counts: StoredUnder = { current: 0, retired: 0, unknown: 0 };
  for (const { pepper_id, count } of rows) {
    if (pepper_id === pepper.id) counts.current += Number(count);
    else if (former.has(pepper_id)) counts.retired += Number(count);
    else counts.unknown += Number(count);
  }
  return counts;
}

/**
 * Returns a warning, with the cure, when keys that are not revoked were made under a secret that is not configured: they
 * are refused as unknown, and nothing else would say why.
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
    `${unknown} ${which} stored under a secret that is not configured and refused with invalid_api_key. ` +
    'Set the former secret again as APPFLOW_SECRET_RETIRED and restart; or replace those keys and revoke them.'
  );
}
