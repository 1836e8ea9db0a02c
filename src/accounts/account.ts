import { Type } from 'typebox';
import type { Actor } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import { anonymousActor, type BrowserRequest } from '../api/raw-request.ts';
import { requireNoKeysIn } from '../api/validate.ts';
import type { Audit, AuditAction, AuditEntry } from '../audit/audit.ts';
import type { FailedAuthenticationLog } from '../audit/failures.ts';
import type { Control, ControlTransaction } from '../control/control.ts';
import { NAME_RULES } from '../directory/field-rules.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/id.ts';
import type { Limiter } from '../limits/limiter.ts';
import { PASSWORD_LENGTH } from './account-rules.ts';
import type { People } from './people.ts';

/** Where accounts are read: the database, or a transaction. */
type Db = Pick<ControlTransaction, 'selectFrom'>;

/** The services that signing in and changing an account need. */
export type AccountServices = {
  control: Control;
  audit: Audit;
  clock: Clock;
  people: People;
  limiter: Limiter;
  failures: FailedAuthenticationLog;
};

/** The fields of an account. */
export const ACCOUNT_FIELDS = {
  name: Type.String(NAME_RULES),
  email: Type.String({ maxLength: 254, format: 'email-address', description: 'An email address.' }),
  password: Type.String({ ...PASSWORD_LENGTH, format: 'strong-password' }),
};

/** A password presented to sign in or step up. No minimum length: it is only compared with the stored one. */
export const PRESENTED_PASSWORD = Type.String({ minLength: 1, maxLength: PASSWORD_LENGTH.maxLength });

/** A presented code of the authenticator app, or a backup code. */
export const PRESENTED_CODE = Type.String({ minLength: 1, maxLength: 40 });

/** A new account, with its password as stored. */
export type NewAccount = { name: string; email: string; passwordHash: string };

/**
 * Stores a new account the way better-auth would, and returns its person as an actor for the audit log. Throws 409 if
 * the email address already has an account, 422 if its text contains an API key.
 */
export async function insertAccount(
  { clock, audit }: { clock: Clock; audit: Audit },
  tx: ControlTransaction,
  { name, email: written, passwordHash }: NewAccount,
  request: Pick<BrowserRequest, 'address' | 'requestId'>,
): Promise<Actor> {
  requireNoKeysIn({ name, email: written });
  const email = written.toLowerCase();
  if ((await findPersonId(tx, email)) !== undefined)
    throw new ApiError('conflict', {
      detail: 'There is already an account with this email address. Sign in instead.',
    });
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
  const actor = anonymousActor(request, id);
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

/** An audit entry about a person, for each project that the person is a member of. */
export type PersonEntry = { personId: string; actor: Actor; action: AuditAction; diff?: AuditEntry['diff'] };

/** Appends an entry to the audit log of each of a person's projects, or without a project if there are none. */
export async function appendForPerson(
  { audit }: { audit: Audit },
  tx: ControlTransaction,
  { personId, ...entry }: PersonEntry,
): Promise<void> {
  const projectIds: (string | null)[] = await listProjectIds(tx, personId);
  if (projectIds.length === 0) projectIds.push(null);
  for (const projectId of projectIds) await audit.append(tx, { ...entry, projectId, target: personId });
}

/** Returns the IDs of the projects that a person is a member of. */
export async function listProjectIds(db: Db, personId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('project_members')
    .select('project_id')
    .where('person_id', '=', personId)
    .execute();
  return rows.map(({ project_id }) => project_id);
}

/** Returns the ID of the account with this email address, in any case; undefined if there is none. */
export async function findPersonId(db: Db, email: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('people')
    .select('id')
    .where('email', '=', email.trim().toLowerCase())
    .executeTakeFirst();
  return row?.id;
}

/** Whether a person owns the installation: their account is the oldest that still exists, whatever projects they are in. */
export async function isInstallationOwner({ db }: { db: Db }, personId: string): Promise<boolean> {
  return (await findFirstPersonId(db)) === personId;
}

/** Returns the ID of the oldest account, at first the one that the setup link created; undefined if there is none yet. */
export async function findFirstPersonId(db: Db): Promise<string | undefined> {
  const row = await db
    .selectFrom('people')
    .select('id')
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}
