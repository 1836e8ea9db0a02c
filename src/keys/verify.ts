import type { ErrorCode } from '../http/errors.ts';
import type { Directory, FoundKey } from './directory.ts';
import { isWellFormedSecret, macOf, type Pepper } from './secret.ts';

/** Why a credential was not accepted. `unknown` is apart from `malformed`: only it counts as a failed guess. */
export type Refusal = {
  code: Extract<ErrorCode, 'invalid_api_key' | 'api_key_expired' | 'api_key_revoked' | 'api_key_disabled'>;
  unknown: boolean;
};

export type Verdict = { ok: true; found: FoundKey } | { ok: false; refusal: Refusal };

const refuse = (code: Refusal['code'], unknown = false): Verdict => ({
  ok: false,
  refusal: { code, unknown },
});

/**
 * Judges a presented key at `now` (epoch milliseconds): shape and checksum first, then one HMAC and one look-up in
 * memory, then its state. A state reason is only ever told to someone who proved possession of the whole key.
 */
export function verify(secret: string, directory: Directory, pepper: Pepper, now: number): Verdict {
  if (!isWellFormedSecret(secret)) return refuse('invalid_api_key');
  const found = directory.findByMac(macOf(secret, pepper));
  if (!found) return refuse('invalid_api_key', true);
  const { key } = found;
  if (key.revokedAt !== null) return refuse('api_key_revoked');
  if (isPast(key.expiresAt, now) || isPast(found.secret.expiresAt, now)) return refuse('api_key_expired');
  if (key.disabled) return refuse('api_key_disabled');
  return { ok: true, found };
}

const isPast = (instant: number | null, now: number) => instant !== null && instant <= now;
