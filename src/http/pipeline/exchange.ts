import type { IncomingMessage } from 'node:http';
import type { KeyCaller, MemberCaller, SignedIn } from '../../api/caller.ts';
import type { SdkId } from '../../api/dialect.ts';
import type { KeyUse } from '../../keys/usage/usage-tally.ts';
import type { BodyReservation } from '../../limits/body-budget.ts';
import type { Slot } from '../../limits/in-flight.ts';
import { resolveAddress } from '../network/address.ts';
import { findTransport, type Transport } from '../network/own-site.ts';
import type { Services } from './services.ts';
import type { StreamPermission } from './stream-permission.ts';

/** Everyone the pipeline authenticates. */
export type AnyCaller = KeyCaller | MemberCaller | SignedIn;

/** What the HTTP server passes in: the request, its path parameters, decoded, and its ID. */
type Incoming = Pick<Exchange, 'raw' | 'params' | 'requestId'>;

/** One request on its way through the pipeline. Where it comes from is resolved once, when it arrives. */
export type Exchange = {
  raw: IncomingMessage;
  params: Record<string, string>;
  /** The query string, without the `?`. */
  search: string;
  requestId: string;
  /** The client's IP address, in canonical form. */
  address: string;
  /** What limits per address count by, see `ClientAddress`. */
  network: string;
  /** Headers of the answer, success or not; each step adds its own. */
  headers: Record<string, string>;
  /** `Set-Cookie` lines of the answer. */
  cookies: string[];
  /** Set once a key is verified, for the log. */
  keyId: string | undefined;
  /** Set once a session is found, for the log. */
  personId: string | undefined;
  /** Set once the key is known, valid or not: the answer is counted in its usage. */
  use: KeyUse | undefined;
  /** Set when the request takes one of the key's slots for concurrent queries; released once the answer is sent. */
  slot: Slot | undefined;
  /** Set when the request has a body: the memory it takes, released once the request is handled. */
  body: BodyReservation | undefined;
  /**
   * Set when the body is parsed, for routes of a dialect: some find the key in it, and answer errors by what it is. `sdkId` is read
   * before handlers empty the body.
   */
  parsedBody: { value: unknown; sdkId: SdkId | undefined } | undefined;
  /** Set when a route of a dialect finds the key in a request, valid or not. */
  presentedKey: string | undefined;
  /** Set when the answer is streamed: the permission to read it, which may end before the stream does. */
  streamPermission: StreamPermission | undefined;
  /** Returns a signal that fires when the client disconnects before it has its answer. Few requests need it. */
  signal: () => AbortSignal;
};

/** Returns how the browser reaches the server. Requests with a key do not need it. */
export const transportOf = ({ raw }: Exchange, config: Services['config']): Transport =>
  findTransport({ peer: raw.socket.remoteAddress ?? '', headers: raw.headers }, config);

/**
 * Returns the exchange of a request that just arrived. `createSignal` runs at most once, when the signal is asked for. Without
 * getters: an object literal with them takes thirty times as long to create.
 */
export function createExchange(
  { config, untrustedProxy }: Services,
  { raw, params, requestId }: Incoming,
  createSignal: () => AbortSignal,
): Exchange {
  const { headers } = raw;
  const peer = raw.socket.remoteAddress ?? '';
  const url = raw.url ?? '';
  const mark = url.indexOf('?');
  const from = resolveAddress(peer, headers, config.trustedProxies);
  untrustedProxy.record(from);
  let signal: AbortSignal | undefined;
  return {
    raw,
    params,
    search: mark === -1 ? '' : url.slice(mark + 1),
    requestId,
    address: from.ip,
    network: from.network,
    headers: {},
    cookies: [],
    keyId: undefined,
    personId: undefined,
    use: undefined,
    slot: undefined,
    body: undefined,
    parsedBody: undefined,
    presentedKey: undefined,
    streamPermission: undefined,
    signal() {
      signal ??= createSignal();
      return signal;
    },
  };
}
