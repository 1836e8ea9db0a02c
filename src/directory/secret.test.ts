import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { it } from 'node:test';
import { crc32 } from 'node:zlib';
import { KEY_TYPES, TYPE_PREFIXES } from './scopes.ts';
import {
  CHECKSUM,
  createSecret,
  derivePepper,
  hintOf,
  isWellFormedSecret,
  macOf,
  patternOf,
  redactSecrets,
  SECRET_LENGTH,
} from './secret.ts';

const DIGITS = [...'0123456789', ...'ABCDEFGHIJKLMNOPQRSTUVWXYZ', ...'abcdefghijklmnopqrstuvwxyz'];

/** CRC-32 bit by bit, as IEEE 802.3 defines it: no table and nothing shared with zlib. */
function crc32Slowly(text: string): bigint {
  let crc = 0xffffffffn;
  for (const byte of Buffer.from(text)) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1n ? (crc >> 1n) ^ 0xedb88320n : crc >> 1n;
  }
  return crc ^ 0xffffffffn;
}

function checksumSlowly(text: string): string {
  const value = crc32Slowly(text);
  const digits = [5n, 4n, 3n, 2n, 1n, 0n].map((power) => DIGITS[Number((value / 62n ** power) % 62n)]);
  return digits.join('');
}

/** Returns 43 base62 characters for a number, so that bodies can be enumerated without randomness. */
const bodyOf = (index: number) => {
  const hash = createHash('sha256').update(String(index)).digest();
  return `sk_af1_${Array.from({ length: 43 }, (_, at) => DIGITS[(hash[at % 32] ?? 0) % 62]).join('')}`;
};

it('creates secrets of 56 characters: prefix, vendor mark, 43 random and 6 checksum characters', () => {
  assert.equal(SECRET_LENGTH, 56);
  for (const type of KEY_TYPES) {
    const secret = createSecret(type);
    assert.equal(secret.length, 56);
    assert.match(secret, new RegExp(`^${TYPE_PREFIXES[type]}_af1_[0-9A-Za-z]{49}$`));
    assert.ok(isWellFormedSecret(secret));
    assert.equal(secret.slice(-6), checksumSlowly(secret.slice(0, -6)));
  }
});

it('computes the published CRC-32 check value in the reference', () => {
  assert.equal(crc32Slowly('123456789'), 0xcbf43926n);
});

it('accepts exactly the checksum of the reference, leading zeros included', () => {
  let zerosSeen = 0;
  for (let index = 0; index < 60_000; index += 1) {
    const body = bodyOf(index);
    // Most of the cost is the reference: only checksums with long runs of zeros are interesting beyond the first few.
    if (index > 200 && crc32Slowly(body) >= 62n ** 3n && index % 97 !== 0) continue;
    const checksum = checksumSlowly(body);
    zerosSeen = Math.max(zerosSeen, /^0*/.exec(checksum)?.[0].length ?? 0);
    assert.ok(isWellFormedSecret(body + checksum), body + checksum);
  }
  assert.ok(zerosSeen >= 3, 'no small checksum came by');
});

it('rejects a secret with any one character changed, removed, added or in another case', () => {
  const secret = bodyOf(7) + checksumSlowly(bodyOf(7));
  for (let at = 0; at < secret.length; at += 1) {
    const other = secret[at] === 'q' ? 'r' : 'q';
    assert.ok(!isWellFormedSecret(secret.slice(0, at) + other + secret.slice(at + 1)), `at ${at}`);
    assert.ok(!isWellFormedSecret(secret.slice(0, at) + secret.slice(at + 1)), `without ${at}`);
    assert.ok(!isWellFormedSecret(`${secret.slice(0, at)}q${secret.slice(at)}`), `more at ${at}`);
  }
  assert.ok(!isWellFormedSecret(secret.toLowerCase()));
  assert.ok(!isWellFormedSecret(`${secret} `));
  assert.ok(!isWellFormedSecret(`${secret.slice(0, -1)}\n`));
  assert.ok(!isWellFormedSecret(''));
});

it('rejects other vendors and other types with a valid checksum', () => {
  const random = bodyOf(3).slice('sk_af1_'.length);
  for (const prefix of ['xk_af1_', 'sk_af2_', 'SK_af1_', 'sk-af1-', 'sk_liv_']) {
    const body = prefix + random;
    assert.ok(!isWellFormedSecret(body + checksumSlowly(body)), prefix);
  }
});

it('draws every character evenly: a plain modulo would favor the first eight by a quarter', () => {
  const counts = new Map(DIGITS.map((digit) => [digit, 0]));
  const secrets = 3_000;
  for (let index = 0; index < secrets; index += 1) {
    for (const digit of createSecret('client').slice(7, 50)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
  }
  const expected = (secrets * 43) / 62;
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  assert.equal(counts.size, 62);
  // 61 degrees of freedom: mean 61, deviation 11. The modulo would give about 700.
  assert.ok(chiSquare < 160, `chi-square ${chiSquare}`);
});

it('never creates the same secret twice', () => {
  assert.equal(new Set(Array.from({ length: 2_000 }, () => createSecret('server'))).size, 2_000);
});

it('gives scanners a pattern that finds keys whatever surrounds them, and nothing shorter', () => {
  const pattern = new RegExp(patternOf('(?:sk|ck|ro)'), 'g');
  const secrets = KEY_TYPES.map(createSecret);
  assert.deepEqual(`a="${secrets[0]}",${secrets[1]}\n${secrets[2]}`.match(pattern), secrets);
  for (const secret of secrets) {
    for (const text of [JSON.stringify(`\n${secret}`), `%22${secret}%22`, `x${secret}x`, `_${secret}_`]) {
      assert.deepEqual(text.match(pattern), [secret], text);
    }
    assert.equal(secret.slice(0, -1).match(pattern), null);
    assert.equal(secret.slice(1).match(pattern), null);
  }
});

it('describes the checksum so that it can be computed from the description alone', () => {
  const { covered_characters, length, alphabet } = CHECKSUM;
  for (const secret of KEY_TYPES.map(createSecret)) {
    let rest = crc32(secret.slice(0, covered_characters));
    let digits = '';
    for (; digits.length < length; rest = Math.floor(rest / alphabet.length)) {
      digits = alphabet.charAt(rest % alphabet.length) + digits;
    }
    assert.equal(secret, secret.slice(0, covered_characters) + digits);
  }
});

it('keeps four characters at either end of a secret in its hint', () => {
  const secret = createSecret('read_only');
  assert.equal(hintOf(secret), `ro_af1_${secret.slice(7, 11)}…${secret.slice(-4)}`);
});

it('replaces every key in a text by its hint, whatever surrounds it', () => {
  const [one, other] = [createSecret('server'), createSecret('client')];
  const text = JSON.stringify({ a: `\n${one}x`, b: `?key=${other}&x`, c: one.slice(0, -1) });
  const redacted = JSON.stringify({
    a: `\n${hintOf(one)}x`,
    b: `?key=${hintOf(other)}&x`,
    c: one.slice(0, -1),
  });
  assert.equal(redactSecrets(text), redacted);
  assert.equal(redactSecrets('nothing here'), 'nothing here');
});

it('computes a MAC that depends on every character and on the pepper', () => {
  const [pepper, other] = [derivePepper('a'.repeat(32)), derivePepper('b'.repeat(32))];
  const secret = createSecret('server');
  assert.equal(macOf(secret, pepper), macOf(secret, derivePepper('a'.repeat(32))));
  assert.equal(macOf(secret, pepper).length, 32);
  assert.notEqual(macOf(secret, pepper), macOf(secret, other));
  assert.notEqual(macOf(secret, pepper), macOf(createSecret('server'), pepper));
  assert.notEqual(pepper.id, other.id);
  assert.match(pepper.id, /^[0-9a-f]{16}$/);
});

it('computes HMAC-SHA-256 of texts of every length, in any alphabet, in any order', () => {
  const pepper = derivePepper('a'.repeat(32));
  const reference = (text: string) => createHmac('sha256', pepper.key).update(text).digest('binary');
  const texts = [200, 129, 128, 65, 64, 63, 56, 55, 1, 0].flatMap((length) =>
    ['a', 'é', '…', '\u{1f600}'].map((letter) => letter.repeat(length)),
  );
  for (const text of [...texts, ...texts.toReversed(), '\ud800']) {
    assert.equal(macOf(text, pepper), reference(text), `${text.length} × ${text.slice(0, 2)}`);
  }
});

it('keeps no part of a secret in the memory that it was hashed in', () => {
  const pepper = derivePepper('a'.repeat(32));
  const before = pepper.pads.inner.toString('latin1');
  macOf(createSecret('server'), pepper);
  assert.equal(pepper.pads.inner.toString('latin1'), before);
});
