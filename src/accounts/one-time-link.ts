import { ApiError } from '../api/errors.ts';
import type { BrowserRequest } from '../api/raw-request.ts';
import type { Control, ControlTransaction } from '../control/open.ts';
import type { Clock } from '../lib/clock.ts';
import type { Limiter } from '../limits/limiter.ts';
import { limitAttempts, linkBuckets } from './attempts.ts';
import { createToken, hashToken } from './token.ts';

/** What a one-time link does: creates the first account, sets a new password, or that and removes the second factor. */
export type LinkPurpose = 'setup' | 'reset' | 'reset_without_totp';

type Link = { purpose: LinkPurpose; personId: string | null; expiresAt: number | null };

/** Stores a new link, as a hash only, and deletes the person's previous one. Returns its token. */
export async function insertLink(
  tx: ControlTransaction,
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

/**
 * Throws 404 unless the link works and has one of these purposes, and 429 after too many that did not. Checked before slow
 * work; spent after it.
 */
export async function requireLink(
  services: { control: Control; clock: Clock; limiter: Limiter },
  { network }: Pick<BrowserRequest, 'network'>,
  purposes: readonly LinkPurpose[],
  token: string,
): Promise<void> {
  const link = await limitAttempts(services, linkBuckets(network), () => findLink(services, purposes, token));
  if (!link) throw unusableLink();
}

async function findLink(
  { control, clock }: { control: Control; clock: Clock },
  purposes: readonly LinkPurpose[],
  token: string,
): Promise<object | undefined> {
  const link = await control.db
    .selectFrom('one_time_links')
    .select('expires_at')
    .where('token_hash', '=', hashToken(token))
    .where('purpose', 'in', purposes)
    .executeTakeFirst();
  return link && !isExpired(link.expires_at, clock.now()) ? link : undefined;
}

/** Spends a link in one statement, so that only one of many concurrent requests gets it. Throws 404. */
export async function spendLink(
  tx: ControlTransaction,
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
  if (!link || !purpose || isExpired(link.expires_at, now)) throw unusableLink();
  return { personId: link.person_id, purpose };
}

const isExpired = (expiresAt: number | null, now: number) => expiresAt !== null && expiresAt <= now;

/** Returns the 404 for a link that never existed, was used or replaced, or has expired: it does not reveal which. */
export const unusableLink = () =>
  new ApiError('not_found', { detail: 'This link was used, was replaced by a newer one, or is too old.' });
