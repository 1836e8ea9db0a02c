import type { ErrorCode } from '../../api/errors.ts';
import type { Directory, FoundKey } from '../../directory/directory.ts';
import type { ApiKey } from '../../directory/key.ts';
import { isWellFormedSecret, macOf, type Pepper } from '../../directory/secret.ts';

/** Why a key of ours is not accepted. */
export type StateRefusal = Extract<ErrorCode, 'api_key_expired' | 'api_key_revoked' | 'api_key_disabled'>;

/** Why a credential was not accepted. `unknown` is apart from `malformed`: only it counts as a failed guess. */
export type Refusal = {
  code: 'invalid_api_key' | StateRefusal;
  unknown: boolean;
};

/**
 * `isRetired`: the key is stored under a former secret and wants to be stored under the present one. `found`, in a
 * refusal: the key it was, for counting and the audit log.
 */
export type Verdict = { ok: true; found: FoundKey; isRetired: boolean } | RefusedVerdict;

/** A refusal, and which key it was, for counting and the audit log; undefined if it is unknown. */
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
 * Judges a presented key at `now` (epoch milliseconds): shape and checksum first, then one HMAC and one look-up in
 * memory, then its state. A state reason is only ever told to someone who proved possession of the whole key.
 */
export function verify(
  secret: string,
  directory: Directory,
  pepper: Pepper,
  now: number,
  retired: readonly Pepper[] = [],
): Verdict {
  if (!isWellFormedSecret(secret)) return refuse('invalid_api_key');
  const present = directory.findByMac(macOf(secret, pepper));
  const found = present ?? findUnderRetired(secret, directory, retired);
  if (!found) return refuse('invalid_api_key', true);
  const code = findStateRefusal(found, now);
  return code ? refuseKnown(code, found) : { ok: true, found, isRetired: present === undefined };
}

/** Returns why a key is not accepted with this secret at `now`, undefined when it is; the strongest reason wins. */
export function findStateRefusal({ key, secret }: FoundKey, now: number): StateRefusal | undefined {
  if (key.revokedAt !== null || secret.revokedAt !== null) return 'api_key_revoked';
  if (isPast(key.expiresAt, now) || isPast(secret.expiresAt, now)) return 'api_key_expired';
  return key.disabled ? 'api_key_disabled' : undefined;
}

/** Returns a key as it is by now with the secret that was shown; undefined when it is not there any more. */
export function findPresentedSecret(
  key: ApiKey | undefined,
  { version }: { version: number },
): FoundKey | undefined {
  const secret = key?.secrets.find((one) => one.version === version);
  return key && secret && { key, secret };
}

const isPast = (instant: number | null, now: number) => instant !== null && instant <= now;

/** Each former secret costs a miss one HMAC more, and a key that is found one only until it has been moved. */
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

/** Returns the key a secret is of, whatever its state: for reports of leaks, never to let anyone in. */
export function findBySecret(
  secret: string,
  directory: Directory,
  pepper: Pepper,
  retired: readonly Pepper[],
): FoundKey | undefined {
  return findUnderRetired(secret, directory, [pepper, ...retired]);
}
