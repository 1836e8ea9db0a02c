import { type Static, Type } from 'typebox';
import type { Requester, Session, SignedIn } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import type { Audit } from '../audit/audit.ts';
import { type Control, URGENT } from '../control/control.ts';
import type { Clock } from '../lib/clock.ts';
import { MINUTE_MS } from '../lib/durations.ts';
import { closedObject, nullable } from '../lib/schema.ts';
import { appendForPerson } from './account.ts';
import { hashToken } from './token.ts';

/** Where sessions are read: the database, or a transaction. */
export type SessionSource = { control: Pick<Control, 'db'>; clock: Clock };

const SEEN_EVERY_MS = MINUTE_MS;

/** Returns the live session of a cookie's token, and records once a minute that it was used. */
export async function findSession(services: SessionSource, token: string): Promise<Session | undefined> {
  const row = await selectSessions(services)
    .where('sessions.token', '=', hashToken(token))
    .executeTakeFirst();
  if (row && Date.parse(row.updated_at) <= services.clock.now() - SEEN_EVERY_MS)
    await recordSeen(services, row.id);
  return row && toLiveSession(row, services.clock.now());
}

/** Returns the live session with this ID: for rechecks of a caller that was authenticated with its token. */
export async function findSessionById(services: SessionSource, id: string): Promise<Session | undefined> {
  const row = await selectSessions(services).where('sessions.id', '=', id).executeTakeFirst();
  return row && toLiveSession(row, services.clock.now());
}

const selectSessions = ({ control }: SessionSource) =>
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

type SessionRow = NonNullable<Awaited<ReturnType<ReturnType<typeof selectSessions>['executeTakeFirst']>>>;

function toLiveSession(row: SessionRow, now: number): Session | undefined {
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

/** Nothing depends on it: if another process holds the lock, the next request records it. */
async function recordSeen({ control, clock }: SessionSource, id: string): Promise<void> {
  const updated_at = new Date(clock.now()).toISOString();
  const update = control.db.updateTable('sessions').set({ updated_at }).where('id', '=', id);
  await update.execute().catch(() => undefined);
}

/** Revokes one of a person's sessions; every later request with it is rejected. Throws 404 for an unknown session. */
export async function revokeSession(
  services: { control: Control; audit: Audit },
  personId: string,
  sessionId: string,
  { actor, recheck }: Requester,
): Promise<void> {
  await services.control.write(
    recheck,
    async ({ tx }) => {
      const revoked = await tx
        .deleteFrom('sessions')
        .where('id', '=', sessionId)
        .where('person_id', '=', personId)
        .returning('id')
        .executeTakeFirst();
      if (!revoked) throw new ApiError('not_found', { detail: 'There is no such session.' });
      await appendForPerson(services, tx, { personId, actor, action: 'session.ended' });
    },
    URGENT,
  );
}

/** A session in the list of a person's own sessions. */
export const SESSION_ITEM_JSON = closedObject({
  id: Type.String(),
  created_at: Type.String({ format: 'date-time' }),
  last_seen_at: Type.String({ format: 'date-time', description: 'To the minute.' }),
  ip: nullable(Type.String()),
  user_agent: nullable(Type.String()),
  is_current: Type.Boolean(),
});

/** Returns the caller's live sessions, newest first. */
export async function listSessions(
  { control, clock }: { control: Control; clock: Clock },
  { session }: SignedIn,
): Promise<Static<typeof SESSION_ITEM_JSON>[]> {
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
