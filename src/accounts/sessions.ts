import { type Static, Type } from 'typebox';
import type { Actor, Session, SignedIn } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import type { Audit } from '../audit/audit.ts';
import type { Control } from '../control/open.ts';
import { NO_CALLER } from '../control/open.ts';
import type { Clock } from '../lib/clock.ts';
import { MINUTE_MS } from '../lib/durations.ts';
import { closedObject, nullable } from '../lib/schema.ts';
import { appendForPerson } from './account.ts';
import { hashToken } from './token.ts';

/** Where sessions are found: in the database, or as a transaction sees it. */
export type FindServices = { control: Pick<Control, 'db'>; clock: Clock };

const SEEN_EVERY_MS = MINUTE_MS;

/** Returns the living session whose token a cookie holds, and notes, once a minute, that it was seen. */
export async function findSession(services: FindServices, token: string): Promise<Session | undefined> {
  const row = await selectSessions(services)
    .where('sessions.token', '=', hashToken(token))
    .executeTakeFirst();
  if (row && Date.parse(row.updated_at) <= services.clock.now() - SEEN_EVERY_MS)
    await recordSeen(services, row.id);
  return row && living(row, services.clock.now());
}

/** Returns the living session of this id: for whoever was let in with it and goes on. */
export async function findSessionById(services: FindServices, id: string): Promise<Session | undefined> {
  const row = await selectSessions(services).where('sessions.id', '=', id).executeTakeFirst();
  return row && living(row, services.clock.now());
}

const selectSessions = ({ control }: FindServices) =>
  control.db
    .selectFrom('sessions')
    .innerJoin('people', 'people.id', 'sessions.person_id')
    .select(['sessions.id', 'sessions.person_id', 'people.name', 'people.email', 'people.two_factor_enabled'])
    .select([
      'sessions.created_at',
      'sessions.updated_at',
      'sessions.expires_at',
      'sessions.stepped_up_until',
    ]);

type Row = NonNullable<Awaited<ReturnType<ReturnType<typeof selectSessions>['executeTakeFirst']>>>;

function living(row: Row, now: number): Session | undefined {
  const expiresAt = Date.parse(row.expires_at);
  if (expiresAt <= now) return undefined;
  const { person_id: id, name, email } = row;
  return {
    id: row.id,
    person: { id, name, email, hasTotp: row.two_factor_enabled === 1 },
    createdAt: Date.parse(row.created_at),
    expiresAt,
    steppedUpUntil: row.stepped_up_until,
  };
}

/** Nothing depends on it: when the database is held by another process, the next request notes it. */
async function recordSeen({ control, clock }: FindServices, id: string): Promise<void> {
  const updated_at = new Date(clock.now()).toISOString();
  const update = control.db.updateTable('sessions').set({ updated_at }).where('id', '=', id);
  await update.execute().catch(() => undefined);
}

/** Ends one of a person's sessions: no request with it passes any more. Throws 404 when it is not one of them. */
export async function revokeSession(
  services: { control: Control; audit: Audit },
  personId: string,
  sessionId: string,
  actor: Actor,
): Promise<void> {
  await services.control.write(NO_CALLER, async ({ tx }) => {
    const ended = await tx
      .deleteFrom('sessions')
      .where('id', '=', sessionId)
      .where('person_id', '=', personId)
      .returning('id')
      .executeTakeFirst();
    if (!ended) throw new ApiError('not_found', { detail: 'There is no such session.' });
    await appendForPerson(services, tx, { personId, actor, action: 'session.ended' });
  });
}

/** A session as its person is told it. */
export const ONE_SESSION_JSON = closedObject({
  id: Type.String(),
  created_at: Type.String({ format: 'date-time' }),
  last_seen_at: Type.String({ format: 'date-time', description: 'To the minute.' }),
  ip: nullable(Type.String()),
  user_agent: nullable(Type.String()),
  is_current: Type.Boolean(),
});

/** Returns the living sessions of whoever asks, newest first. */
export async function listSessions(
  { control, clock }: { control: Control; clock: Clock },
  { session }: SignedIn,
): Promise<Static<typeof ONE_SESSION_JSON>[]> {
  const rows = await control.db
    .selectFrom('sessions')
    .selectAll()
    .where('person_id', '=', session.person.id)
    .where('expires_at', '>', new Date(clock.now()).toISOString())
    .orderBy('id', 'desc')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    created_at: row.created_at,
    last_seen_at: row.updated_at,
    ip: row.ip_address || null,
    user_agent: row.user_agent || null,
    is_current: row.id === session.id,
  }));
}
