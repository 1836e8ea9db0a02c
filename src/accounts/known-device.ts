import { randomBytes } from 'node:crypto';
import type { BrowserRequest } from '../api/raw-request.ts';
import type { Control } from '../control/control.ts';
import type { Clock } from '../lib/clock.ts';
import { DEVICE_SECONDS } from './account-rules.ts';
import { COOKIES, readCookie, renderCookie } from './cookies.ts';
import { findPasswordHash } from './password.ts';
import type { People } from './people.ts';

// A browser that has signed in before is a known device of the account, with attempts of its own: attackers elsewhere
// cannot use them up (OWASP, Slow Down Online Guessing Attacks with Device Cookies). Its cookie grants nothing else.

/** How many accounts one browser is known for. */
const DEVICES_MAX = 5;
const ID_BYTES = 16;

/** As long as the ID and the stored password of an account. No cookie is issued for it. */
const NO_ACCOUNT = [`usr_${'0'.repeat(26)}`, `${'0'.repeat(32)}:${'0'.repeat(128)}`];

type DeviceRequest = Pick<BrowserRequest, 'headers' | 'isSecure'>;

/** An account that a browser wants to sign in to: undefined where it does not exist, or has no password. */
type Account = { personId: string | undefined; passwordHash: string | undefined };

/**
 * Returns the ID of the device if its cookie was issued to this account, has not expired, and the account still has the
 * password of then: a new password makes every other device unknown. Undefined otherwise.
 */
export function findKnownDevice(
  { people, clock }: { people: People; clock: Clock },
  request: DeviceRequest,
  { personId, passwordHash }: Account,
): string | undefined {
  // For other addresses the same is computed, so that the time does not reveal which have an account.
  const isAccount = personId !== undefined && passwordHash !== undefined;
  const parts = isAccount ? [personId, passwordHash] : NO_ACCOUNT;
  const isOwn = (token: string) => {
    const [id = '', expiry = '', mac = ''] = token.split('.');
    return Number(expiry) * 1_000 > clock.now() && people.isDeviceMac([id, expiry, ...parts], mac);
  };
  const own = listTokens(request).find(isOwn);
  return isAccount ? own?.split('.', 1)[0] : undefined;
}

/** Makes the browser a known device of an account that it just signed in to, under a new ID. */
export async function rememberDevice(
  { people, clock, control }: { people: People; clock: Clock; control: Control },
  request: BrowserRequest,
  personId: string,
): Promise<void> {
  const passwordHash = await findPasswordHash(control.db, personId);
  if (passwordHash === undefined) return;
  const known = findKnownDevice({ people, clock }, request, { personId, passwordHash });
  const others = listTokens(request).filter((token) => !token.startsWith(`${known}.`));
  const id = randomBytes(ID_BYTES).toString('base64url');
  const expiry = String(Math.floor(clock.now() / 1_000) + DEVICE_SECONDS);
  const token = `${id}.${expiry}.${people.deviceMacOf([id, expiry, personId, passwordHash])}`;
  const value = [token, ...others].slice(0, DEVICES_MAX).join('~');
  const { isSecure } = request;
  request.setCookie(renderCookie(COOKIES.device, value, { isSecure, maxAgeSeconds: DEVICE_SECONDS }));
}

/** The first few tokens of the cookie: what else a client sends there is not worth the time. */
const listTokens = ({ headers, isSecure }: DeviceRequest): string[] =>
  readCookie(headers.cookie, COOKIES.device, isSecure)?.split('~', DEVICES_MAX) ?? [];
