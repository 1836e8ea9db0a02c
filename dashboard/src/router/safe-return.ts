/**
 * Returns the path to go to after signing in. Only a path of this site: `//host`, `/\host` and whole URLs would take
 * the person, just signed in, to somebody else's page.
 */
export function safeReturn(wanted: unknown): string {
  if (typeof wanted !== 'string' || !wanted.startsWith('/')) return '/';
  const base = 'http://site.invalid';
  const url = URL.parse(wanted, base);
  // Parsing folds backslashes, tabs and line breaks as a browser does; what is left must still be this site's.
  if (url === null || url.origin !== base || url.pathname.startsWith('//')) return '/';
  const path = url.pathname + url.search + url.hash;
  return path.startsWith('/sign-in') ? '/' : path;
}
