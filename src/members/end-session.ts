import { appendForPerson } from '../accounts/account.ts';
import type { Actor } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import type { Audit } from '../audit/audit.ts';
import type { Control } from '../control/open.ts';

/** Ends one of a person's sessions: no request with it passes any more. Throws 404 when it is not one of them. */
export async function endSession(
  services: { control: Control; audit: Audit },
  personId: string,
  sessionId: string,
  actor: Actor,
): Promise<void> {
  await services.control.write(async (tx) => {
    const ended = await tx
      .deleteFrom('sessions')
      .where('id', '=', sessionId)
      .where('person_id', '=', personId)
      .returning('id')
      .executeTakeFirst();
    if (!ended) throw new ApiError('not_found', { detail: 'There is no such session.' });
    await appendForPerson(services, tx, { personId, actor, action: 'session.ended' });
  });
}
