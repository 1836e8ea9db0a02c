import type { Kysely } from 'kysely';
import type { ControlSchema } from '../control/schema.ts';

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
