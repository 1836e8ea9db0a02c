import { useState } from 'react';

/**
 * Returns the secret of the link, as of when the page opened: the URL changes when the page is left. It is after the `#`,
 * which browsers never send.
 */
export function useLinkToken(): string {
  const [token] = useState(() => window.location.hash.slice(1));
  return token;
}
