import type { Visit } from '../api/route.ts';
import type { Actor } from '../keys/actor.ts';

/** Returns a person as the audit log names who acts, at a visit of which it turned out only later whose it is. */
export const actorOfVisit = (
  { address, requestId }: Pick<Visit, 'address' | 'requestId'>,
  personId: string,
): Actor => ({ type: 'member', id: personId, ip: address, requestId });
