import type { Transaction } from 'kysely';
import { ApiError } from '../api/errors.ts';
import type { Control } from '../control/open.ts';
import type { ControlSchema } from '../control/schema.ts';
import type { Clock } from '../lib/clock.ts';
import { createToken, hashToken } from './token.ts';

type Tx = Transaction<ControlSchema>;

/** What a link that works once is for: the first account, a new password, or that and no second factor any more. */
export type LinkPurpose = 'setup' | 'reset' | 'reset_without_totp';

type Link = { purpose: LinkPurpose; personId: string | null; expiresAt: number | null };

/** Stores a new link, of which only the hash is kept, in place of the person's before it. Returns its token. */
export async function insertLink(
  tx: Tx,
  { purpose, personId, expiresAt }: Link,
  now: number,
): Promise<string> {
  await tx.deleteFrom('one_time_links').where('person_id', 'is', personId).execute();
  const token = createToken();
  await tx
    .insertInto('one_time_links')
    .values({
      token_hash: hashToken(token),
      purpose,
      person_id: personId,
      created_at: now,
      expires_at: expiresAt,
    })
    .execute();
  return token;
}

/** Throws 404 unless the link is for this and works now: asked before what takes long, and spent after it. */
export async function requireLink(
  { control, clock }: { control: Control; clock: Clock },
  purposes: readonly LinkPurpose[],
  token: string,
): Promise<void> {
  const link = await control.db
    .selectFrom('one_time_links')
    .select('expires_at')
    .where('token_hash', '=', hashToken(token))
    .where('purpose', 'in', purposes)
    .executeTakeFirst();
  if (!link || isOver(link.expires_at, clock.now())) throw linkOver();
}

/** Spends a link in one statement: of many at the same moment, one gets it. Returns whose it is and what for. Throws 404. */
export async function spendLink(
  tx: Tx,
  purposes: readonly LinkPurpose[],
  token: string,
  now: number,
): Promise<{ personId: string | null; purpose: LinkPurpose }> {
  const link = await tx
    .deleteFrom('one_time_links')
    .where('token_hash', '=', hashToken(token))
    .where('purpose', 'in', purposes)
    .returning(['purpose', 'person_id', 'expires_at'])
    .executeTakeFirst();
  const purpose = purposes.find((one) => one === link?.purpose);
  if (!link || !purpose || isOver(link.expires_at, now)) throw linkOver();
  return { personId: link.person_id, purpose };
}

const isOver = (expiresAt: number | null, now: number) => expiresAt !== null && expiresAt <= now;

/** Returns the 404 of a link that never was, was used, replaced, or is too old: which of them is nobody's business. */
export const linkOver = () =>
  new ApiError('not_found', { detail: 'This link was used, was replaced by a newer one, or is too old.' });
