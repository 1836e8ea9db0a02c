import type { IncomingMessage } from 'node:http';
import type { KeyCaller, SignedIn } from '../../api/caller.ts';
import type { KeyUse } from '../../keys/usage/usage-tally.ts';
import type { Slot } from '../../limits/in-flight.ts';
import { type CallerAddress, resolveAddress } from '../network/address.ts';
import type { Services } from './services.ts';
import type { StreamPermission, WatchedMember } from './stream-permission.ts';

/** What the HTTP server hands to the pipeline. `params` are the path's, decoded; `search` is what follows the `?`. */
export type Exchange = {
  raw: IncomingMessage;
  params: Record<string, string>;
  search: string;
  signal: AbortSignal;
  /** Headers of the answer, success or not; each step adds its own. */
  headers: Record<string, string>;
  /** `Set-Cookie` lines of the answer. */
  cookies: string[];
  requestId: string;
  /** Set once verified: the log names it. */
  keyId: string | undefined;
  /** Set once a session is found: the log names its person. */
  personId: string | undefined;
  /** Set once the key is known, good or not: the answer is counted there. */
  use: KeyUse | undefined;
  /** Set when the request takes a slot among its key's running queries: whoever sends the answer gives it back. */
  slot: Slot | undefined;
  /** Set when the answer is streamed: the right to read it, which may end before it does. */
  streamPermission: StreamPermission | undefined;
};

/** Returns where a request came from, and notes when an unnamed proxy passed it on. */
export function addressOf({ config, untrustedProxy }: Services, { raw }: Exchange): CallerAddress {
  const address = resolveAddress(raw.socket.remoteAddress ?? '', raw.headers, config.trustedProxies);
  untrustedProxy.note(address);
  return address;
}

export type AnyCaller = KeyCaller | WatchedMember | SignedIn;
