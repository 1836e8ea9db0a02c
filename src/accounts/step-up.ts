import type { SignedIn } from '../api/caller.ts';
import { ApiError, validationFailed } from '../api/errors.ts';
import { type Control, URGENT } from '../control/control.ts';
import type { AccountServices } from './account.ts';
import { appendForPerson } from './account.ts';
import { STEP_UP_MS } from './account-rules.ts';
import { limitAttempts, recordFailedAttempt, sessionBuckets } from './attempts.ts';
import { findPasswordHash } from './password.ts';
import type { People } from './people.ts';
import { spendSecondFactor, WRONG_CODE } from './second-factor.ts';

/** What a person gives again. `code` is of the authenticator app, or a backup code; required with a second factor. */
export type StepUpProof = { password: string; code?: string };

/**
 * Checks the password again, and the second factor if there is one, and returns until when the step-up lasts, epoch
 * milliseconds. Throws 401 for a wrong password or code, 422 without a code that is needed, and 429 after too many: a
 * session left open in a browser must not allow guessing.
 */
export async function stepUp(
  services: AccountServices,
  caller: SignedIn,
  { password, code }: StepUpProof,
): Promise<number> {
  const { session } = caller;
  const personId = session.person.id;
  if (session.person.hasTotp && code === undefined) throw codeMissing();
  const isRight = await limitAttempts(services, sessionBuckets('sign-in', session), async () =>
    (await isPasswordOf(services, personId, password)) ? true : undefined,
  );
  if (!isRight) return refuse(services, caller, 'The password is wrong.');
  const grant = () => grantStepUp(services, caller, code);
  const until = await (session.person.hasTotp
    ? limitAttempts(services, sessionBuckets('sign-in-code', session), grant)
    : grant());
  return until ?? refuse(services, caller, WRONG_CODE);
}

async function refuse(services: AccountServices, caller: SignedIn, detail: string): Promise<never> {
  const { address, actor, session } = caller;
  await recordFailedAttempt(services, { address, requestId: actor.requestId ?? '' }, session.person.id);
  throw new ApiError('invalid_credentials', { detail });
}

/** Spends the code and stores the step-up in one write. Returns undefined for a wrong code. */
async function grantStepUp(
  services: AccountServices,
  { session, actor, recheck }: SignedIn,
  code: string | undefined,
): Promise<number | undefined> {
  const { control, clock } = services;
  const personId = session.person.id;
  const now = clock.now();
  const until = now + STEP_UP_MS;
  return control.write(
    recheck,
    async ({ tx }) => {
      if (!(await spendSecondFactor(services, tx, { personId, code, nowMs: now }))) return undefined;
      await tx
        .updateTable('sessions')
        .set({ stepped_up_until: until })
        .where('id', '=', session.id)
        .execute();
      await appendForPerson(services, tx, { personId, actor, action: 'session.stepped_up' });
      return until;
    },
    URGENT,
  );
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

const codeMissing = () =>
  validationFailed([
    {
      field: 'code',
      code: 'required',
      message:
        'Two-factor authentication is on: a code of the authenticator app, or a backup code, is required.',
    },
  ]);
