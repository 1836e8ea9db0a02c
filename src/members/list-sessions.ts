import { type Static, Type } from 'typebox';
import type { SignedIn } from '../api/caller.ts';
import type { Control } from '../control/open.ts';
import type { Clock } from '../lib/clock.ts';
import { closedObject, nullable } from '../lib/schema.ts';

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
