import { createHmac, hash, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import { MINUTE_MS } from '../../lib/durations.ts';

/** What a request between nodes is signed for: `holder` is the lease of the node that it is for. */
export type SignedRequest = { method: string; path: string; holder: string; bodyHash: string };

/** The headers of a signed request. */
export type SignatureHeaders = Record<(typeof NAMES)[keyof typeof NAMES], string>;

/** Why a request was refused. */
export type SignatureRefusal = 'malformed' | 'forged' | 'stale' | 'replayed';

const NAMES = {
  time: 'appflow-node-time',
  nonce: 'appflow-node-nonce',
  body: 'appflow-node-body',
  mac: 'appflow-node-mac',
} as const;

/** How far the clocks of two nodes may be apart. */
export const CLOCK_TOLERANCE_MS = MINUTE_MS;
const NONCE_BYTES = 16;

/** Returns the hash of a body, which is signed in place of it, so that a request can be refused before its body is read. */
export const hashBody = (body: Uint8Array): string => hash('sha256', body, 'base64url');

function macOf(
  key: KeyObject,
  { method, path, holder, bodyHash }: SignedRequest,
  time: string,
  nonce: string,
) {
  const text = [method, path, holder, time, nonce, bodyHash].join('\n');
  return createHmac('sha256', key).update(text).digest();
}

/** Returns the headers that sign a request. */
export function signRequest(key: KeyObject, request: SignedRequest, clock: Clock): SignatureHeaders {
  const time = String(clock.now());
  const nonce = randomBytes(NONCE_BYTES).toString('base64url');
  return {
    [NAMES.time]: time,
    [NAMES.nonce]: nonce,
    [NAMES.body]: request.bodyHash,
    [NAMES.mac]: macOf(key, request, time, nonce).toString('base64url'),
  };
}

/** The header that signs an answer. */
export const ANSWER_HEADER = 'appflow-node-answer';

/** Returns the value of ANSWER_HEADER: without it, anyone who gets the address of a node could acknowledge events. */
export function signAnswer(key: KeyObject, headers: SignatureHeaders, body: string): string {
  const text = ['answer', headers[NAMES.nonce], hashBody(Buffer.from(body))].join('\n');
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** Checks signatures, and remembers those that it has seen. */
export type SignatureCheck = {
  /** Returns the hash that the body must have, or why the request is refused. Each request passes once. */
  check(
    request: Omit<SignedRequest, 'bodyHash'>,
    headers: Record<string, string | string[] | undefined>,
  ): { bodyHash: string; sign: (answer: string) => string } | { refusal: SignatureRefusal };
};

/** Returns a check that accepts signatures by any of the keys. */
export function createSignatureCheck(keys: readonly KeyObject[], clock: Clock): SignatureCheck {
  const seen = createNonces(clock);
  return {
    check(request, headers) {
      const [time, nonce, bodyHash, mac] = Object.values(NAMES).map((name) => headers[name]);
      const isText = [time, nonce, bodyHash, mac].every((value) => typeof value === 'string' && value !== '');
      if (!isText) return { refusal: 'malformed' };
      const signed = { ...request, bodyHash: String(bodyHash) };
      const given = Buffer.from(String(mac), 'base64url');
      const signer = keys.find((key) => {
        const expected = macOf(key, signed, String(time), String(nonce));
        return given.length === expected.length && timingSafeEqual(given, expected);
      });
      if (signer === undefined) return { refusal: 'forged' };
      if (!(Math.abs(Number(time) - clock.now()) <= CLOCK_TOLERANCE_MS)) return { refusal: 'stale' };
      if (!seen.add(String(nonce))) return { refusal: 'replayed' };
      const sign = (answer: string) => signAnswer(signer, headers as SignatureHeaders, answer);
      return { bodyHash: signed.bodyHash, sign };
    },
  };
}

/** A request of a node whose clock is ahead is not stale for twice the tolerance. */
const REMEMBERED_MS = 2 * CLOCK_TOLERANCE_MS;

/** Returns the nonces of the last two minutes at least: two sets, of which the older one is dropped as a whole. */
function createNonces(clock: Clock): { add: (nonce: string) => boolean } {
  let [current, before] = [new Set<string>(), new Set<string>()];
  let since = clock.now();
  return {
    add(nonce) {
      if (clock.now() > since + REMEMBERED_MS) {
        [current, before] = [new Set(), current];
        since = clock.now();
      }
      if (current.has(nonce) || before.has(nonce)) return false;
      current.add(nonce);
      return true;
    },
  };
}
