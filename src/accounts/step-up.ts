import type { SignedIn } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import { type Control, URGENT } from '../control/open.ts';
import type { AccountServices } from './account.ts';
import { appendForPerson } from './account.ts';
import { STEP_UP_MS } from './account-rules.ts';
import { limitAttempts, recordFailedAttempt, sessionBuckets } from './attempts.ts';
import { findPasswordHash } from './password.ts';
import type { People } from './people.ts';

/**
 * Checks the password again and returns until when the step-up lasts, epoch milliseconds. Throws 401 for a wrong
 * password, and 429 after too many: a session left open in a browser must not allow guessing.
 */
export async function stepUp(services: AccountServices, caller: SignedIn, password: string): Promise<number> {
  const { control, clock } = services;
  const { id: personId } = caller.session.person;
  const isRight = await limitAttempts(services, sessionBuckets('sign-in', caller.session), async () =>
    (await isPasswordOf(services, personId, password)) ? true : undefined,
  );
  if (!isRight) {
    const { address, actor } = caller;
    await recordFailedAttempt(services, { address, requestId: actor.requestId ?? '' }, personId);
    throw new ApiError('invalid_credentials', { detail: 'The password is wrong.' });
  }
  const until = clock.now() + STEP_UP_MS;
  await control.write(
    caller.recheck,
    async ({ tx }) => {
      await tx
        .updateTable('sessions')
        .set({ stepped_up_until: until })
        .where('id', '=', caller.session.id)
        .execute();
      await appendForPerson(services, tx, { personId, actor: caller.actor, action: 'session.stepped_up' });
    },
    URGENT,
  );
  return until;
}

async function isPasswordOf(
  { control, people }: { control: Control; people: People },
  personId: string,
  password: string,
): Promise<boolean> {
  const hash = await findPasswordHash(control.db, personId);
  const { password: hasher } = await (await people.auth()).$context;
  return hash === undefined ? false : people.hasher.asKnown(() => hasher.verify({ hash, password }));
}
