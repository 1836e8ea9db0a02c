import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { validationFailed } from '../api/errors.ts';
import type { IdempotencyKey } from '../api/route.ts';

/** The parts of a request that its idempotency key depends on. `credential` is the key as it was presented. */
export type IdempotencySource = {
  header: string;
  credential: string;
  callerId: string;
  method: string;
  path: string;
  body: unknown;
};

const HEADER = /^[\x21-\x7e]{1,255}$/;
const SEAL_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Returns the idempotency key of a request. Throws 422 unless the header is 1 to 255 visible ASCII characters. */
export function parseIdempotencyKey(
  { header, credential, ...source }: IdempotencySource,
  replaySecret: KeyObject,
): IdempotencyKey {
  if (!HEADER.test(header)) {
    const message = 'Idempotency-Key must be 1 to 255 visible ASCII characters.';
    throw validationFailed([{ field: 'Idempotency-Key', code: 'invalid_format', message }]);
  }
  const { callerId, method, path, body } = source;
  const material = `${credential}\n${header}`;
  return {
    id: hashOf(JSON.stringify([callerId, method, path, header])),
    bodyHash: hashOf(canonical(body)),
    sealKey: Buffer.from(hkdfSync('sha256', replaySecret, '', material, SEAL_KEY_BYTES)),
  };
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url');

/** Returns JSON with the members of every object sorted, because clients may send them in any order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, inner) => {
    const isObject = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
    return isObject ? Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)) : inner;
  });
}

/** Returns an answer encrypted with AES-256-GCM and bound to its idempotency key. */
export function sealAnswer({ id, sealKey }: IdempotencyKey, answer: unknown): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', sealKey, nonce).setAAD(Buffer.from(id));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(answer), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** Returns the sealed answer; undefined if the caller now presents another secret, or APPFLOW_SECRET changed. */
export function openAnswer({ id, sealKey }: IdempotencyKey, sealed: string): unknown {
  const bytes = Buffer.from(sealed, 'base64url');
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', sealKey, nonce).setAAD(Buffer.from(id)).setAuthTag(tag);
  try {
    const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    return JSON.parse(text.toString('utf8'));
  } catch {
    return undefined;
  }
}
