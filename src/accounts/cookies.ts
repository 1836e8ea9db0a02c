const SESSION = 'appflow_session';
const CHALLENGE = 'appflow_two_factor';
const DEVICE = 'appflow_device';

/** The cookies we set: for a session, for a sign-in that waits for its code, and for a browser that has signed in. */
export type CookieName = typeof SESSION | typeof CHALLENGE | typeof DEVICE;

/** The names of our cookies, without prefix. */
export const COOKIES = { session: SESSION, challenge: CHALLENGE, device: DEVICE } as const;

/**
 * With the `__Host-` prefix, browsers accept the cookie only over TLS and for this host, and no subdomain can replace it
 * (RFC 6265bis §4.1.3.2). Over plain HTTP they would reject it.
 */
const nameOf = (name: CookieName, isSecure: boolean) => (isSecure ? `__Host-${name}` : name);

/** Returns a `Set-Cookie` value. Scripts cannot read the cookie, and forms of other sites do not send it. */
export function renderCookie(
  name: CookieName,
  value: string,
  { isSecure, maxAgeSeconds }: { isSecure: boolean; maxAgeSeconds: number },
): string {
  const flags = ['Path=/', `Max-Age=${maxAgeSeconds}`, 'HttpOnly', 'SameSite=Lax'];
  return [`${nameOf(name, isSecure)}=${value}`, ...flags, ...(isSecure ? ['Secure'] : [])].join('; ');
}

/** Returns the value of a cookie in a Cookie header; undefined if it is missing or empty. */
export function readCookie(
  header: string | undefined,
  name: CookieName,
  isSecure: boolean,
): string | undefined {
  const start = `${nameOf(name, isSecure)}=`;
  const pair = header?.split(';').find((one) => one.trimStart().startsWith(start));
  return pair?.trim().slice(start.length) || undefined;
}
