import { ApiError } from '../api/errors.ts';
import type { BrowserRequest } from '../api/raw-request.ts';
import type { Control, ControlTransaction } from '../control/control.ts';
import type { Clock } from '../lib/clock.ts';
import type { Limiter } from '../limits/limiter.ts';
import { isOverload, limitAttempts, linkBuckets } from './attempts.ts';
import type { People } from './people.ts';
import { createToken, hashToken } from './token.ts';

/** What a one-time link does: creates the first account, sets a new password, or that and removes the second factor. */
export type LinkPurpose = 'setup' | 'reset' | 'reset_without_totp';

type Link = { purpose: LinkPurpose; personId: string | null; expiresAt: number | null };

/** Deletes the links of a person, or setup links. */
export async function deleteLinks(tx: ControlTransaction, personId: string | null): Promise<void> {
  const links = tx.deleteFrom('one_time_links');
  // PostgreSQL has IS for null only.
  const own =
    personId === null ? links.where('person_id', 'is', null) : links.where('person_id', '=', personId);
  await own.execute();
}

/** Stores a new link, as a hash only. Returns its token. */
export async function insertLink(
  tx: ControlTransaction,
  { purpose, personId, expiresAt }: Link,
  now: number,
): Promise<string> {
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

/** A link as it was sent, and how to find it while it works. */
export type SentLink = { token: string; find: () => Promise<object | undefined> };

/**
 * Runs `use`, which hashes a password and then spends the link. The uses of one link run one after the other, and one
 * that fails counts as a failed attempt: a link that is never spent must not keep the hashing busy. So `use` must not
 * fail for what can be checked before. Throws 404 if the link does not work, 429 after too many failures.
 */
export async function hashAndSpend<T>(
  { limiter, people }: { limiter: Limiter; people: People },
  { network }: Pick<BrowserRequest, 'network'>,
  { token, find }: SentLink,
  use: () => Promise<T>,
): Promise<T> {
  const useIfWorking = async () => ((await find()) ? { used: await use() } : undefined);
  const outcome = await limitAttempts(
    { limiter },
    linkBuckets(network),
    () => people.linkTurns(hashToken(token), useIfWorking),
    isOverload,
  );
  if (!outcome) throw unusableLink();
  return outcome.used;
}

/** Returns the link if it works and has one of these purposes. Checked before slow work; spent after it. */
export async function findLink(
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
  new ApiError('not_found', {
    detail: 'This link was already used, was replaced by a newer one, or has expired. Ask for a new one.',
  });
