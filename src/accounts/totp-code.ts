import { createHmac } from 'node:crypto';

const STEP_MS = 30_000;
const DIGITS = 6;

/** Returns the code that an authenticator app shows at `now`, epoch milliseconds (RFC 6238, HMAC-SHA-1, 6 digits, 30 s). */
export function totpCode(secret: string, now: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / STEP_MS)));
  const digest = createHmac('sha1', secret).update(counter).digest();
  // Dynamic truncation (RFC 4226 §5.3): the last nibble is the offset of the 31 bits.
  const offset = (digest.at(-1) ?? 0) & 0x0f;
  const number = digest.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}

/**
 * Returns the time step (half minutes since 1970) in which an app with this secret shows this code: the current one, the
 * previous or the next; undefined for any other code.
 */
export function findTotpStep(secret: string, code: string, now: number): number | undefined {
  const moment = [now, now - STEP_MS, now + STEP_MS].find((one) => totpCode(secret, one) === code);
  return moment === undefined ? undefined : Math.floor(moment / STEP_MS);
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Returns bytes in the form that authenticator apps accept: base32 (RFC 4648 §6) without padding. */
export function toBase32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => BASE32.charAt(Number.parseInt(group.padEnd(5, '0'), 2))).join('');
}
