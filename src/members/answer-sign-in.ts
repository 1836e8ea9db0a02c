import type { AccountServices } from '../accounts/account.ts';
import { COOKIES, renderCookie } from '../accounts/cookies.ts';
import { SESSION_SECONDS, TWO_FACTOR_SECONDS } from '../accounts/lifetimes.ts';
import { type SessionJson, tellSession } from '../accounts/session-json.ts';
import type { SignInOutcome } from '../accounts/sign-in.ts';
import type { Visit } from '../api/raw-request.ts';

/** Sets the cookie that a sign-in comes to, and returns its answer. */
export async function answerSignIn(
  services: AccountServices,
  visit: Visit,
  outcome: SignInOutcome,
): Promise<SessionJson | { totp_required: true }> {
  const { isSecure } = visit;
  if ('challenge' in outcome) {
    const flags = { isSecure, maxAgeSeconds: TWO_FACTOR_SECONDS };
    visit.setCookie(renderCookie(COOKIES.challenge, outcome.challenge, flags));
    return { totp_required: true };
  }
  visit.setCookie(renderCookie(COOKIES.session, outcome.token, { isSecure, maxAgeSeconds: SESSION_SECONDS }));
  return tellSession(services, outcome.session);
}
