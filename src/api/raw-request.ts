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

const UNTRUSTED_TLS =
  'A proxy says that it was reached over TLS, but this server does not trust it. Set TRUSTED_PROXIES to the address of the ' +
  'proxy, or APPFLOW_PUBLIC_URL to the https address of the dashboard.';

/** Whether a proxy says that the browser reached it over TLS. Only what to do about a refusal may depend on it. */
export const claimsTls = (headers: IncomingHttpHeaders): boolean => headers['x-forwarded-proto'] === 'https';

/** Returns the 403 for a request whose password could be read in transit, with what to configure. */
export const tlsRequired = (headers: IncomingHttpHeaders): ApiError =>
  new ApiError('tls_required', claimsTls(headers) ? { detail: UNTRUSTED_TLS } : {});

/** Throws 403 if a password could be read in transit. */
export function requireTls({
  allowsSignIn,
  headers,
}: Pick<BrowserRequest, 'allowsSignIn' | 'headers'>): void {
  if (!allowsSignIn) throw tlsRequired(headers);
}

/** Returns the actor for the audit log of an anonymous request, once its person is known. */
export const anonymousActor = (
  { address, requestId }: Pick<BrowserRequest, 'address' | 'requestId'>,
  personId: string,
): Actor => ({ type: 'member', id: personId, ip: address, requestId });
