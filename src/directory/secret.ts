import { createHmac, createSecretKey, hash, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
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

/**
 * Returns the regular expression that secret scanners use to find the keys of one type, which `prefix` stands for. It has no
 * word boundaries: `\n` before a key in JSON, and `%22` in a URL, end in a letter or digit. The checksum rules out the rest.
 */
export function patternOf(prefix: string): string {
  return `${prefix}_${VENDOR_MARK}_[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}`;
}

/** How the last characters of a key follow from the others: enough to check keys offline, in any language. */
export const CHECKSUM = {
  algorithm: 'crc32',
  covered_characters: SECRET_LENGTH - CHECKSUM_LENGTH,
  length: CHECKSUM_LENGTH,
  alphabet: ALPHABET,
  description: `The last ${CHECKSUM_LENGTH} characters are the CRC-32 (IEEE 802.3, as in zlib and gzip) of the ${SECRET_LENGTH - CHECKSUM_LENGTH} characters before them, written in base ${ALPHABET.length} with the digits of \`alphabet\`, most significant digit first, padded with 0.`,
} as const;

const SECRET_MARK = `_${VENDOR_MARK}_`;
const WHOLE_SECRET = new RegExp(`^${ANY_SECRET}$`);
const SECRETS_IN_TEXT = new RegExp(ANY_SECRET, 'g');

/** Returns `length` uniform base62 characters. Rejection sampling: a plain modulo would favor the first letters. */
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

/** Whether `text` has the shape and checksum of a key, so that a typo costs neither a hash nor a lookup. */
export function isWellFormedSecret(text: string): boolean {
  if (text.length !== SECRET_LENGTH || !WHOLE_SECRET.test(text)) return false;
  const body = text.slice(0, -CHECKSUM_LENGTH);
  return text.endsWith(checksumOf(body));
}

/** Returns the part of a secret that can be shown later, such as `sk_af1_AbCd…WxYz`. */
export function hintOf(secret: string): string {
  const start = secret.indexOf(VENDOR_MARK) + VENDOR_MARK.length + 1;
  return `${secret.slice(0, start + HINT_CHARACTERS)}…${secret.slice(-HINT_CHARACTERS)}`;
}

/** Returns `text` with every key in it replaced by its hint: for errors and logs, which quote what callers sent. */
export function redactSecrets(text: string): string {
  // Almost no text contains one: most are too short, and searching for the mark costs a tenth of the expression.
  if (text.length < SECRET_LENGTH || !text.includes(SECRET_MARK)) return text;
  return text.replaceAll(SECRETS_IN_TEXT, hintOf);
}

/** The key that secrets are hashed with, and its id, so that it can be replaced. */
export type Pepper = { id: string; key: KeyObject; pads: HmacPads };

/** The two inputs of SHA-256 in an HMAC (RFC 2104 §2): the key, padded, and room for what is hashed after it. */
type HmacPads = { inner: Buffer; outer: Buffer };

/** At most the block of SHA-256, so that `createPads` need not hash it first (RFC 2104 §2). */
const KEY_BYTES = 32;

/** Returns a key for one purpose, derived from `APPFLOW_SECRET` (HKDF-SHA-256, RFC 5869, one label per purpose). */
export function deriveKey(appflowSecret: string, label: string): KeyObject {
  return createSecretKey(deriveBytes(appflowSecret, label, KEY_BYTES));
}

const deriveBytes = (appflowSecret: string, label: string, length: number) =>
  Buffer.from(hkdfSync('sha256', appflowSecret, '', `appflow/${label}/1`, length));

/** Returns the pepper derived from `APPFLOW_SECRET` (HKDF-SHA-256, RFC 5869, with its own label). */
export function derivePepper(appflowSecret: string): Pepper {
  const id = deriveBytes(appflowSecret, 'keys/pepper-id', 8).toString('hex');
  const bytes = deriveBytes(appflowSecret, 'keys/pepper', KEY_BYTES);
  return { id, key: createSecretKey(bytes), pads: createPads(bytes) };
}

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
/** UTF-8 takes at most three bytes per UTF-16 unit. */
const PADDED_LENGTH_MAX = 64;

function createPads(key: Buffer): HmacPads {
  const inner = Buffer.alloc(BLOCK_BYTES + 3 * PADDED_LENGTH_MAX, 0);
  const outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES, 0);
  for (let at = 0; at < BLOCK_BYTES; at += 1) {
    inner[at] = (key[at] ?? 0) ^ 0x36;
    outer[at] = (key[at] ?? 0) ^ 0x5c;
  }
  return { inner, outer };
}

/**
 * Returns the stored form of a secret: HMAC-SHA-256 as 32 one-byte characters. A fast hash is right here: 256 random
 * bits cannot be guessed, whatever the hash (NIST SP 800-63B §5.1.1.2 requires slow hashes only for what people choose).
 */
export function macOf(secret: string, pepper: Pepper): string {
  // Every request with a key needs one: two one-shot hashes take a third of the time of an Hmac object (bench/verify.ts).
  return secret.length <= PADDED_LENGTH_MAX
    ? hashPadded(secret, pepper.pads)
    : createHmac('sha256', pepper.key).update(secret).digest('binary');
}

function hashPadded(secret: string, { inner, outer }: HmacPads): string {
  const bytes = inner.write(secret, BLOCK_BYTES);
  // Text, because `hash` returns that faster than a buffer.
  const innerHash = hash('sha256', inner.subarray(0, BLOCK_BYTES + bytes), 'binary');
  outer.write(innerHash, BLOCK_BYTES, HASH_BYTES, 'binary');
  // No secret remains in memory that is kept.
  inner.fill(0, BLOCK_BYTES, BLOCK_BYTES + bytes);
  return hash('sha256', outer, 'binary');
}

/** Returns how a MAC from `macOf` is stored in the database: base64url. */
export const encodeMac = (mac: string): string => Buffer.from(mac, 'latin1').toString('base64url');

/** Returns the MAC, as `macOf` returns it, from its form in the database. */
export const decodeMac = (stored: string): string => Buffer.from(stored, 'base64url').toString('latin1');

/** Whether `text` contains an API key. */
export const containsKey = (text: string): boolean => redactSecrets(text) !== text;

/**
 * Returns a mistake for each field with an API key in one of its texts. A key pasted into the wrong field would be stored
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
      message: `${field} must not contain an API key.`,
    }));
}
