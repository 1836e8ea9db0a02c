/**
 * Returns the path to open after signing in. Only a path of this site: `//host`, `/\host` and full URLs would be an open
 * redirect to another site.
 */
export function safeReturn(path: unknown): string {
  if (typeof path !== 'string' || !path.startsWith('/')) return '/';
  const base = 'http://site.invalid';
  const url = URL.parse(path, base);
  // Parsing normalizes backslashes, tabs and line breaks as a browser does. The result must still be on this site.
  if (url === null || url.origin !== base || url.pathname.startsWith('//')) return '/';
  const safe = url.pathname + url.search + url.hash;
  return safe.startsWith('/sign-in') ? '/' : safe;
}
