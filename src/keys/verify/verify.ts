import type { ErrorCode } from '../../api/error-codes.ts';
import type { Directory, FoundKey } from '../../directory/directory.ts';
import type { ApiKey } from '../../directory/key.ts';
import { isWellFormedSecret, macOf, type Pepper } from '../../directory/secret.ts';

/** Why a key of this installation is rejected. */
export type StateRefusal = Extract<ErrorCode, 'api_key_expired' | 'api_key_revoked' | 'api_key_disabled'>;

/** Why a credential was rejected. `unknown`: it is well-formed but matches no key, which counts as a failed guess. */
export type Refusal = {
  code: 'invalid_api_key' | StateRefusal;
  unknown: boolean;
};

/**
 * The result of verifying a credential. `isRetired`: the key is stored under a retired APPFLOW_SECRET and should be moved
 * to the current one.
 */
export type Verdict = { ok: true; found: FoundKey; isRetired: boolean } | RefusedVerdict;

/** A rejection. `found` is the key, for usage and the audit log; undefined if it is unknown. */
export type RefusedVerdict = { ok: false; refusal: Refusal; found?: FoundKey };

const refuse = (code: Refusal['code'], unknown = false): Verdict => ({
  ok: false,
  refusal: { code, unknown },
});

const refuseKnown = (code: Refusal['code'], found: FoundKey): Verdict => ({
  ok: false,
  refusal: { code, unknown: false },
  found,
});

/**
 * Verifies a presented key at `now` (epoch milliseconds): shape and checksum first, then one HMAC and one lookup in
 * memory, then its state. The state is only revealed to a caller that has proved possession of the whole key.
 */
export function verify(
  secret: string,
  directory: Directory,
  pepper: Pepper,
  now: number,
  retired: readonly Pepper[] = [],
): Verdict {
  if (!isWellFormedSecret(secret)) return refuse('invalid_api_key');
  const current = directory.findByMac(macOf(secret, pepper));
  const found = current ?? findUnderRetired(secret, directory, retired);
  if (!found) return refuse('invalid_api_key', true);
  const code = findStateRefusal(found, now);
  return code ? refuseKnown(code, found) : { ok: true, found, isRetired: current === undefined };
}

/** Returns why a key is rejected with this secret at `now`; undefined if it is valid. The strongest reason wins. */
export function findStateRefusal({ key, secret }: FoundKey, now: number): StateRefusal | undefined {
  if (key.revokedAt !== null || secret.revokedAt !== null) return 'api_key_revoked';
  if (isPast(key.expiresAt, now) || isPast(secret.expiresAt, now)) return 'api_key_expired';
  return key.disabled || key.isProjectDeleted ? 'api_key_disabled' : undefined;
}

/** Returns a key as it is now with the secret that was presented; undefined if either no longer exists. */
export function findPresentedSecret(
  key: ApiKey | undefined,
  { version }: { version: number },
): FoundKey | undefined {
  const secret = key?.secrets.find((one) => one.version === version);
  return key && secret && { key, secret };
}

const isPast = (instant: number | null, now: number) => instant !== null && instant <= now;

/** Each retired APPFLOW_SECRET costs an unknown key one more HMAC, and a known key only until it has been moved. */
function findUnderRetired(
  secret: string,
  directory: Directory,
  retired: readonly Pepper[],
): FoundKey | undefined {
  for (const pepper of retired) {
    const found = directory.findByMac(macOf(secret, pepper));
    if (found) return found;
  }
  return undefined;
}

/** Returns the key that a secret belongs to, whatever its state: for leak reports, never for authentication. */
export function findBySecret(
  secret: string,
  directory: Directory,
  pepper: Pepper,
  retired: readonly Pepper[],
): FoundKey | undefined {
  return findUnderRetired(secret, directory, [pepper, ...retired]);
}
