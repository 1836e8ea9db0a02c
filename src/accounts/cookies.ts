const SESSION = 'appflow_session';
const CHALLENGE = 'appflow_two_factor';

/** The cookies we set: a session, and the short time between a right password and a right code. */
export type CookieName = typeof SESSION | typeof CHALLENGE;

export const COOKIES = { session: SESSION, challenge: CHALLENGE } as const;

/**
 * With the prefix a browser takes the cookie only over TLS, for this host alone, and lets no subdomain put its own in
 * its place (RFC 6265bis §4.1.3.2); over plain HTTP it would refuse it.
 */
const nameOf = (name: CookieName, isSecure: boolean) => (isSecure ? `__Host-${name}` : name);

/** Returns a `Set-Cookie` line: no script reads it, and no other site's form brings it along. */
export function renderCookie(
  name: CookieName,
  value: string,
  { isSecure, maxAgeSeconds }: { isSecure: boolean; maxAgeSeconds: number },
): string {
  const flags = ['Path=/', `Max-Age=${maxAgeSeconds}`, 'HttpOnly', 'SameSite=Lax'];
  return [`${nameOf(name, isSecure)}=${value}`, ...flags, ...(isSecure ? ['Secure'] : [])].join('; ');
}

/** Returns the value of a cookie in a Cookie header, undefined when it is not there or empty. */
export function readCookie(
  header: string | undefined,
  name: CookieName,
  isSecure: boolean,
): string | undefined {
  const start = `${nameOf(name, isSecure)}=`;
  const pair = header?.split(';').find((one) => one.trimStart().startsWith(start));
  return pair?.trim().slice(start.length) || undefined;
}
