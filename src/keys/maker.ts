import type { KeyCaller, MemberCaller } from '../api/caller.ts';
import { type Actor, CLI_ACTOR } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import type { Config } from '../config/config.ts';
import type { ControlTransaction } from '../control/open.ts';
import type { Project } from '../directory/project.ts';
import { findExcess, type Target } from './escalation.ts';

/**
 * The actor that creates or changes a key: a key or a member, which must have all that it gives, or the operator on the
 * machine itself, who has no `readAgain` and may give anything.
 */
export type Maker = { actor: Actor; readAgain: KeyCaller['readAgain'] | undefined };

/** The operator at the command line, who may give anything. */
export const CLI_MAKER: Maker = { actor: CLI_ACTOR, readAgain: undefined };

/** Returns the caller of a request as a maker. */
export function toMaker({ actor, readAgain }: KeyCaller | MemberCaller): Maker {
  return { actor, readAgain };
}

/**
 * Throws 403 when the key reaches further than its maker, or the 401, 403 or 404 that the maker would now get. `key` is
 * how the answer names the key: "The new key".
 */
export async function requireWithin(
  { config }: { config: Config },
  tx: ControlTransaction,
  target: Target,
  { readAgain }: Maker,
  { maxKeyLifetimeDays, rateLimits }: Project,
  key: string,
): Promise<void> {
  if (!readAgain) return;
  const limits = { project: rateLimits, installation: config.limitOverrides };
  const reach = await readAgain(tx);
  const excess = findExcess(target, reach, { maxKeyLifetimeDays, limits });
  if (excess.length === 0) return;
  throw new ApiError('exceeds_own_permissions', {
    detail: `${key} reaches further than whoever asks: ${excess.join(', ')}.`,
  });
}
