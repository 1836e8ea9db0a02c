import { createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type KeyType, TYPE_PREFIXES } from './scopes.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const VENDOR_MARK = 'af1';
/** 43 base62 characters hold 256 bits. */
const RANDOM_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
/** `sk_af1_` + 43 random + 6 checksum characters. */
export const SECRET_LENGTH = 56;
const HINT_CHARACTERS = 4;

const ANY_SECRET = `(?:sk|ck|ro)_${VENDOR_MARK}_[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}`;

/** What secret scanners look for: one regular expression for all three types. */
export const SECRET_PATTERN = `\\b${ANY_SECRET}\\b`;

/** Returns the regular expression for the keys of one type, by their prefix. */
export function patternOf(prefix: string): string {
  return `\\b${prefix}_${VENDOR_MARK}_[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}\\b`;
}

const SECRET_MARK = `_${VENDOR_MARK}_`;
const WHOLE_SECRET = new RegExp(`^${ANY_SECRET}$`);
// Without word boundaries: in JSON a line break before a key is written `\n`, which would end in a letter.
const SECRETS_IN_TEXT = new RegExp(ANY_SECRET, 'g');

/** Returns `length` uniform base62 characters. Rejection sampling: a plain modulo would favour the first letters. */
function randomBase62(length: number): string {
  const acceptedBelow = 256 - (256 % ALPHABET.length);
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < acceptedBelow && text.length < length) text += ALPHABET.charAt(byte % ALPHABET.length);
    }
  }
  return text;
}

/** Returns the CRC-32 (IEEE 802.3) of `text` as 6 base62 digits, most significant first, padded with `0`. */
function checksumOf(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let index = 0; index < CHECKSUM_LENGTH; index += 1) {
    digits = ALPHABET.charAt(rest % ALPHABET.length) + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}

/** Returns a new key secret: 256 random bits. It is shown once and never stored. */
export function createSecret(type: KeyType): string {
  const body = `${TYPE_PREFIXES[type]}_${VENDOR_MARK}_${randomBase62(RANDOM_LENGTH)}`;
  return body + checksumOf(body);
}

/** Whether `text` is shaped like a key and its checksum holds, so that a typing error costs neither hash nor look-up. */
export function isWellFormedSecret(text: string): boolean {
  if (text.length !== SECRET_LENGTH || !WHOLE_SECRET.test(text)) return false;
  const body = text.slice(0, -CHECKSUM_LENGTH);
  return text.endsWith(checksumOf(body));
}

/** Returns what may be shown of a secret afterwards, e.g. `sk_af1_AbCd…WxYz`. */
export function hintOf(secret: string): string {
  const start = secret.indexOf(VENDOR_MARK) + VENDOR_MARK.length + 1;
  return `${secret.slice(0, start + HINT_CHARACTERS)}…${secret.slice(-HINT_CHARACTERS)}`;
}

/** Returns `text` with every key in it cut down to its hint: for errors and logs, which quote what callers sent. */
export function redactSecrets(text: string): string {
  // Nearly no text holds one: most are too short, and looking for the mark costs a tenth of the expression.
  if (text.length < SECRET_LENGTH || !text.includes(SECRET_MARK)) return text;
  return text.replaceAll(SECRETS_IN_TEXT, hintOf);
}

/**
 * The key under which secrets are stored, and a name for it so that it can be replaced one day. Held as a KeyObject:
 * handing raw bytes to every HMAC costs five times as much (bench/verify.ts).
 */
export type Pepper = { id: string; key: KeyObject };

/** Returns a key for one purpose, derived from `APPFLOW_SECRET` (HKDF-SHA-256, RFC 5869, a label for each purpose). */
export function deriveKey(appflowSecret: string, label: string): KeyObject {
  return createSecretKey(deriveBytes(appflowSecret, label, 32));
}

const deriveBytes = (appflowSecret: string, label: string, length: number) =>
  Buffer.from(hkdfSync('sha256', appflowSecret, '', `appflow/${label}/1`, length));

/** Returns the pepper derived from `APPFLOW_SECRET` (HKDF-SHA-256, RFC 5869, with a label of its own). */
export function derivePepper(appflowSecret: string): Pepper {
  const id = deriveBytes(appflowSecret, 'keys/pepper-id', 8).toString('hex');
  return { id, key: deriveKey(appflowSecret, 'keys/pepper') };
}

/**
 * Returns the stored form of a secret: HMAC-SHA-256 as 32 one-byte characters. A fast hash is right here: 256 random
 * bits cannot be guessed, whatever the hash (NIST SP 800-63B §5.1.1.2 asks for slow ones only for what people choose).
 */
export function macOf(secret: string, pepper: Pepper): string {
  return createHmac('sha256', pepper.key).update(secret).digest('binary');
}

/** Whether an API key stands anywhere in `text`. */
export const containsKey = (text: string): boolean => redactSecrets(text) !== text;

/**
 * Returns a mistake for each field with an API key in one of its texts: pasted into the wrong field, it would be stored
 * and shown in every list.
 */
export function findKeysIn(
  texts: Readonly<Record<string, readonly (string | null | undefined)[]>>,
): { field: string; code: string; message: string }[] {
  return Object.entries(texts)
    .filter(([, values]) => values.some((text) => typeof text === 'string' && containsKey(text)))
    .map(([field]) => ({
      field,
      code: 'holds_a_key',
      message: `${field} holds an API key; keys belong in no record.`,
    }));
}
