import { useState } from 'react';

/**
 * Returns the secret of the link that led here, as it was when the page opened: the address changes when the page is
 * left. It stands after the `#`, which browsers send to nobody.
 */
export function useLinkToken(): string {
  const [token] = useState(() => window.location.hash.slice(1));
  return token;
}
