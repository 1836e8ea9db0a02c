import type { IncomingHttpHeaders } from 'node:http';
import type { Actor } from './caller.ts';
import { ApiError } from './errors.ts';

/** The request as it came, for a public route that must judge it itself, by a signature over the very bytes. */
export type RawRequest = {
  /** Where it came from, resolved through the trusted proxies. */
  address: string;
  /** What limits per address count by; undefined when they must not, see `CallerAddress`. */
  network: string | undefined;
  headers: IncomingHttpHeaders;
  requestId: string;
  /** Reads the body, neither decompressed nor parsed. Throws 413 beyond `bytesMax`. */
  readBody: (bytesMax: number) => Promise<Buffer>;
};

/** A request of a page of ours, for the routes that sign people in and out. */
export type BrowserRequest = Omit<RawRequest, 'readBody'> & {
  /** Whether its cookies travel encrypted. */
  isSecure: boolean;
  /** Whether people may sign in over this connection. */
  allowsSignIn: boolean;
  /** Adds a `Set-Cookie` to the answer. */
  setCookie: (cookie: string) => void;
};

/** Throws 403 when the connection is one on which a password could be read on the way. */
export function requireTls({ allowsSignIn }: Pick<BrowserRequest, 'allowsSignIn'>): void {
  if (!allowsSignIn) throw new ApiError('tls_required');
}

/** Returns a person as the audit log names who acts, at a visit of which it turned out only later whose it is. */
export const anonymousActor = (
  { address, requestId }: Pick<BrowserRequest, 'address' | 'requestId'>,
  personId: string,
): Actor => ({ type: 'member', id: personId, ip: address, requestId });
