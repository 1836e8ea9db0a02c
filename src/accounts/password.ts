import type { Kysely, Transaction } from 'kysely';
import type { ControlSchema } from '../control/schema.ts';
import type { Clock } from '../lib/clock.ts';

type Db = Pick<Kysely<ControlSchema>, 'selectFrom'>;

/** Returns the stored form of a person's password; undefined when there is none. */
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
 * Whether a person's password is still the one that was stored as `hash` when it was given. Comparing takes 50 ms and
 * more, in which it may be changed: nothing that is opened with the former one may outlive that.
 */
export async function isPasswordStill(db: Db, personId: string, hash: string | undefined): Promise<boolean> {
  return hash !== undefined && (await findPasswordHash(db, personId)) === hash;
}

/** Stores a new password and ends what the former one opened: sessions, but the one that is kept, and half sign-ins. */
export async function storePassword(
  { clock }: { clock: Clock },
  tx: Transaction<ControlSchema>,
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
  // Whoever gave the former password and was still to give a code.
  await tx.deleteFrom('verifications').where('value', '=', personId).execute();
  // A link that was made before would undo it.
  await tx.deleteFrom('one_time_links').where('person_id', '=', personId).execute();
}
