import { invalidToken } from '../http/credential.ts';
import { ApiError } from '../http/errors.ts';
import { findLostRight, lostRightError, requireScope } from '../http/permit.ts';
import type { KeyCaller, MemberCaller } from '../http/route.ts';
import { findStanding } from '../members/find-member.ts';
import { ROLE_SCOPES } from '../members/roles.ts';
import type { Project } from '../projects/project.ts';
import type { Services } from '../services.ts';
import { type Actor, CLI_ACTOR } from './actor.ts';
import { type ControlTransaction, getStoredKey } from './stored-key.ts';
import { findShown } from './verify.ts';
import { findExcess, type MakerReach, type Target } from './within.ts';

/** Who makes or changes a key: a key or a member, who must have all they give, or the operator on the machine itself. */
export type Maker = { actor: Actor; caller: KeyCaller | MemberCaller | undefined };

/** The operator at the command line, who may give anything. */
export const CLI_MAKER: Maker = { actor: CLI_ACTOR, caller: undefined };

/** Returns the caller of a request as a maker. */
export function toMaker(caller: KeyCaller | MemberCaller): Maker {
  return { actor: caller.actor, caller };
}

/**
 * Throws 403 when the key reaches further than its maker, and what the maker would get at the door when it lost its
 * right. `key` is how the answer names it: "The new key".
 */
export async function requireWithin(
  services: Pick<Services, 'config' | 'clock'>,
  tx: ControlTransaction,
  target: Target,
  { caller }: Maker,
  { maxKeyLifetimeDays, rateLimits }: Project,
  key: string,
): Promise<void> {
  if (!caller) return;
  const limits = { project: rateLimits, installation: services.config.limitOverrides };
  const reach = await getStoredReach(services, tx, caller);
  const excess = findExcess(target, reach, { maxKeyLifetimeDays, limits });
  if (excess.length === 0) return;
  throw new ApiError('exceeds_own_permissions', {
    detail: `${key} reaches further than whoever asks: ${excess.join(', ')}.`,
  });
}

/** As stored: the transaction may have waited 5 s for another process, which may have revoked or narrowed the maker. */
async function getStoredReach(
  { clock }: Pick<Services, 'clock'>,
  tx: ControlTransaction,
  caller: KeyCaller | MemberCaller,
): Promise<MakerReach> {
  const reach =
    'key' in caller
      ? await getLivingKey(tx, caller, clock.now())
      : await getPresentMember({ control: { db: tx }, clock }, caller);
  requireScope(reach, 'keys:write');
  return reach;
}

async function getLivingKey(tx: ControlTransaction, { key, secret, address }: KeyCaller, now: number) {
  const found = findShown(await getStoredKey(tx, key.id), secret);
  if (!found) throw invalidToken('invalid_api_key');
  // No page: only server keys make keys, and no page may send one.
  const code = findLostRight(found, { address, origin: undefined, cors: 'none' }, now);
  if (code !== undefined) throw lostRightError(code, address);
  return found.key;
}

async function getPresentMember(
  services: Parameters<typeof findStanding>[0],
  { session, project, principal }: MemberCaller,
) {
  const { isSignedIn, role } = await findStanding(services, session.id, project.id);
  if (!isSignedIn) throw new ApiError('not_signed_in');
  if (!role) throw new ApiError('not_found', { detail: 'There is no such project.' });
  return { ...principal, granted: new Set(ROLE_SCOPES[role]) };
}
