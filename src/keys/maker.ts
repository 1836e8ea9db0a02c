import type { Config } from '../config.ts';
import { ApiError } from '../http/errors.ts';
import type { KeyCaller, MemberCaller } from '../http/route.ts';
import { getStoredPrincipal } from '../http/stored-right.ts';
import type { Clock } from '../lib/clock.ts';
import type { Project } from '../projects/project.ts';
import { type Actor, CLI_ACTOR } from './actor.ts';
import type { ControlTransaction } from './stored-key.ts';
import { findExcess, type Target } from './within.ts';

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
  services: { config: Config; clock: Clock },
  tx: ControlTransaction,
  target: Target,
  { caller }: Maker,
  { maxKeyLifetimeDays, rateLimits }: Project,
  key: string,
): Promise<void> {
  if (!caller) return;
  const limits = { project: rateLimits, installation: services.config.limitOverrides };
  const reach = await getStoredPrincipal(services, tx, caller);
  const excess = findExcess(target, reach, { maxKeyLifetimeDays, limits });
  if (excess.length === 0) return;
  throw new ApiError('exceeds_own_permissions', {
    detail: `${key} reaches further than whoever asks: ${excess.join(', ')}.`,
  });
}
