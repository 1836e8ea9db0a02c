import { ApiError } from '../http/errors.ts';
import type { Caller } from '../http/route.ts';
import type { Project } from '../projects/project.ts';
import type { Services } from '../services.ts';
import { type Actor, CLI_ACTOR } from './actor.ts';
import { findExcess, type Reach } from './within.ts';

/** Who makes or changes a key: another key, which must have all that it gives, or the operator on the machine itself. */
export type Maker = { actor: Actor; reach: Reach | undefined };

/** The operator at the command line, who may give anything. */
export const CLI_MAKER: Maker = { actor: CLI_ACTOR, reach: undefined };

/** Returns the caller of a request as a maker. */
export function toMaker({ actor, key }: Caller): Maker {
  return { actor, reach: key };
}

/** Throws 403 when the key reaches further than its maker. `key` is how the answer names it: "The new key". */
export function requireWithin(
  { config }: Pick<Services, 'config'>,
  target: Reach,
  { reach }: Maker,
  { maxKeyLifetimeDays, rateLimits }: Project,
  key: string,
): void {
  const limits = { project: rateLimits, installation: config.limitOverrides };
  const excess = reach ? findExcess(target, reach, { maxKeyLifetimeDays, limits }) : [];
  if (excess.length === 0) return;
  throw new ApiError('exceeds_own_permissions', {
    detail: `${key} reaches further than the key that asks: ${excess.join(', ')}.`,
  });
}
