import type { Kysely } from 'kysely';
import type { ControlSchema } from '../control/schema.ts';

/** Returns the id of the account with this e-mail address, written in any case; undefined when there is none. */
export async function findPersonId(
  db: Pick<Kysely<ControlSchema>, 'selectFrom'>,
  email: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('people')
    .select('id')
    .where('email', '=', email.trim().toLowerCase())
    .executeTakeFirst();
  return row?.id;
}

/** Returns the id of the account that was made first, by the setup link; undefined before that. */
export async function findFirstPersonId(
  db: Pick<Kysely<ControlSchema>, 'selectFrom'>,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('people')
    .select('id')
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}
