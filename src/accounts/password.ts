import type { ControlTransaction } from '../control/control.ts';
import type { Clock } from '../lib/clock.ts';
import type { People } from './people.ts';

type Db = Pick<ControlTransaction, 'selectFrom'>;

/**
 * Returns the stored form of a password: scrypt with its own salt. Takes 50 ms or more, so never in a transaction. For
 * callers with a session or a link that works. Throws 503 if too many of them wait.
 */
export async function hashPassword({ people }: { people: People }, password: string): Promise<string> {
  const { password: hasher } = await (await people.auth()).$context;
  return people.hasher.asKnown(() => hasher.hash(password));
}

/** Returns the stored form of a person's password; undefined if there is none. */
export async function findPasswordHash(db: Db, personId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('credentials')
    .select('password')
    .where('person_id', '=', personId)
    .where('provider_id', '=', 'credential')
    .executeTakeFirst();
  return row?.password ?? undefined;
}

/**
 * Whether a person's password is still the one that was stored as `hash` before it was compared. Comparing takes 50 ms
 * or more, in which it may be changed: nothing that the old one opens may outlive the change.
 */
export async function isPasswordUnchanged(
  db: Db,
  personId: string,
  hash: string | undefined,
): Promise<boolean> {
  return hash !== undefined && (await findPasswordHash(db, personId)) === hash;
}

/**
 * Stores a new password and ends what the old one opened: sessions, except `keptSessionId`, and sign-ins that wait for a
 * code.
 */
export async function storePassword(
  { clock }: { clock: Clock },
  tx: ControlTransaction,
  personId: string,
  passwordHash: string,
  keptSessionId = '',
): Promise<void> {
  await tx
    .updateTable('credentials')
    .set({ password: passwordHash, updated_at: new Date(clock.now()).toISOString() })
    .where('person_id', '=', personId)
    .where('provider_id', '=', 'credential')
    .execute();
  await tx
    .deleteFrom('sessions')
    .where('person_id', '=', personId)
    .where('id', '!=', keptSessionId)
    .execute();
  // Sign-ins with the old password that still wait for a code.
  await tx.deleteFrom('verifications').where('value', '=', personId).execute();
  // An older reset link would undo the change.
  await tx.deleteFrom('one_time_links').where('person_id', '=', personId).execute();
}
