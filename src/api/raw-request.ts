import type { IncomingHttpHeaders } from 'node:http';
import type { Actor } from './caller.ts';
import { ApiError } from './errors.ts';

/** The raw request, for a public route that authenticates it by a signature over its exact bytes. */
export type RawRequest = {
  /** The client's IP address, resolved through the trusted proxies. */
  address: string;
  /** What limits per address count by, see `ClientAddress`. */
  network: string;
  headers: IncomingHttpHeaders;
  requestId: string;
  /** Reads the body, neither decompressed nor parsed. Throws 413 beyond `bytesMax`. */
  readBody: (bytesMax: number) => Promise<Buffer>;
  /** Returns the JSON value in such a body, within the bounds of every body. Throws ApiError. */
  parseBody: (bytes: Buffer) => Promise<unknown>;
};

/** A request of one of the dashboard's pages, for the routes that sign in and out. */
export type BrowserRequest = Omit<RawRequest, 'readBody' | 'parseBody'> & {
  /** Whether its cookies are sent over TLS. */
  isSecure: boolean;
  /** Whether people may sign in over this connection. */
  allowsSignIn: boolean;
  /** Adds a `Set-Cookie` to the answer. */
  setCookie: (cookie: string) => void;
};

/** Throws 403 if a password could be read in transit. */
export function requireTls({ allowsSignIn }: Pick<BrowserRequest, 'allowsSignIn'>): void {
  if (!allowsSignIn) throw new ApiError('tls_required');
}

/** Returns the actor for the audit log of an anonymous request, once its person is known. */
export const anonymousActor = (
  { address, requestId }: Pick<BrowserRequest, 'address' | 'requestId'>,
  personId: string,
): Actor => ({ type: 'member', id: personId, ip: address, requestId });
