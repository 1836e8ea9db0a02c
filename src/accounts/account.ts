import type { Kysely, Transaction } from 'kysely';
import { Type } from 'typebox';
import type { Actor } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import { anonymousActor, type BrowserRequest } from '../api/raw-request.ts';
import { requireNoKeysIn } from '../api/validate.ts';
import type { Audit, AuditAction, AuditEntry } from '../audit/audit.ts';
import type { FailedAuthenticationLog } from '../audit/failures.ts';
import type { Control } from '../control/open.ts';
import type { ControlSchema } from '../control/schema.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/id.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { People } from './people.ts';

type Tx = Transaction<ControlSchema>;

/** What signing people in and changing their accounts takes. */
export type AccountServices = {
  control: Control;
  audit: Audit;
  clock: Clock;
  people: People;
  limiter: Limiter;
  failures: FailedAuthenticationLog;
};

/** What better-auth takes for an address when somebody signs in: another could never sign in. */
const EMAIL =
  "^(?!\\.)(?!.*\\.\\.)([A-Za-z0-9_'+\\-.]*)[A-Za-z0-9_+\\-]@([A-Za-z0-9][A-Za-z0-9\\-]*\\.)+[A-Za-z]{2,}$";

/** The fields of an account. */
export const ACCOUNT_FIELDS = {
  name: Type.String({ minLength: 1, maxLength: 100, pattern: '\\S' }),
  email: Type.String({ maxLength: 254, pattern: EMAIL, description: 'An e-mail address.' }),
  password: Type.String({ minLength: 12, maxLength: 128 }),
};

/** A password that is given to prove who it is: whatever was typed, it is compared, not judged. */
export const GIVEN_PASSWORD = Type.String({ minLength: 1, maxLength: 128 });

/** Returns the stored form of a password: scrypt with a salt of its own. Takes some 50 ms, so never in a transaction. */
export async function hashPassword({ people }: { people: People }, password: string): Promise<string> {
  const { password: hasher } = await (await people.auth()).$context;
  return hasher.hash(password);
}

export type NewAccount = { name: string; email: string; passwordHash: string };

/**
 * Stores a new account, as better-auth would, and returns its person as the audit log names who acts. Throws 409 when the
 * address has one already, 422 when an API key is in its text.
 */
export async function insertAccount(
  { clock, audit }: { clock: Clock; audit: Audit },
  tx: Tx,
  { name, email: written, passwordHash }: NewAccount,
  visit: Pick<BrowserRequest, 'address' | 'requestId'>,
): Promise<Actor> {
  requireNoKeysIn({ name, email: written });
  const email = written.toLowerCase();
  if ((await findPersonId(tx, email)) !== undefined)
    throw new ApiError('conflict', { detail: 'There is an account with this e-mail address.' });
  const id = newId('usr');
  const now = new Date(clock.now()).toISOString();
  const times = { created_at: now, updated_at: now };
  const person = { id, name: name.trim(), email, image: null, email_verified: 0, two_factor_enabled: 0 };
  await tx
    .insertInto('people')
    .values({ ...person, ...times })
    .execute();
  await tx
    .insertInto('credentials')
    .values({
      ...NO_TOKENS,
      ...times,
      id: newId('row'),
      account_id: id,
      provider_id: 'credential',
      person_id: id,
      password: passwordHash,
    })
    .execute();
  const actor = anonymousActor(visit, id);
  await audit.append(tx, { projectId: null, actor, action: 'account.created', target: id });
  return actor;
}

const NO_TOKENS = {
  access_token: null,
  refresh_token: null,
  id_token: null,
  access_token_expires_at: null,
  refresh_token_expires_at: null,
  scope: null,
};

/** What happened to a person, to be told in every project the person belongs to. */
export type PersonEntry = { personId: string; actor: Actor; action: AuditAction; diff?: AuditEntry['diff'] };

/** Appends what happened to a person to the log of each of its projects; to the installation's, when there is none. */
export async function appendForPerson(
  { audit }: { audit: Audit },
  tx: Tx,
  { personId, ...entry }: PersonEntry,
): Promise<void> {
  const projectIds: (string | null)[] = await listProjectIds(tx, personId);
  if (projectIds.length === 0) projectIds.push(null);
  for (const projectId of projectIds) await audit.append(tx, { ...entry, projectId, target: personId });
}

/** Returns the ids of the projects a person belongs to. */
export async function listProjectIds(db: Pick<Tx, 'selectFrom'>, personId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('project_members')
    .select('project_id')
    .where('person_id', '=', personId)
    .execute();
  return rows.map(({ project_id }) => project_id);
}

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
