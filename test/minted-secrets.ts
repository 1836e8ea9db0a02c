import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hintOf, redactSecrets, SECRET_PATTERN } from '../src/keys/secret.ts';

const PREFIX_LENGTH = 'sk_af1_'.length;
const RANDOM_LENGTH = 43;
/** Only columns of the event store grow beyond: compressed, and of events, which these servers never write keys to. */
const FILE_BYTES_MAX = 8_000_000;

/** Random part → hint of every key made by the servers and commands of this process, which is one test file's. */
const minted = new Map<string, string>();

/** Remembers every key in `text`: from here on it may be found nowhere else. */
export function noteSecrets(text: string): void {
  for (const [secret] of text.matchAll(new RegExp(SECRET_PATTERN, 'g'))) {
    minted.set(secret.slice(PREFIX_LENGTH, PREFIX_LENGTH + RANDOM_LENGTH), hintOf(secret));
  }
}

/** Returns the hints of the noted keys whose random part, which alone would do harm enough, is in `text`. */
export function findSecrets(text: string): string[] {
  const hints = new Set<string>();
  // One pass, however many keys there are: only letters and digits in a row can be one.
  for (const [row] of text.matchAll(/[0-9A-Za-z]{43,}/g)) {
    for (let start = 0; start + RANDOM_LENGTH <= row.length; start += 1) {
      const hint = minted.get(row.slice(start, start + RANDOM_LENGTH));
      if (hint !== undefined) hints.add(hint);
    }
  }
  return [...hints];
}

/** Fails when a noted key is in `text`; `place` says where that is. */
export function requireNoSecrets(place: string, text: string): void {
  requireNone(findIn(place, text));
}

/** Fails when a noted key is in a file, or in the name of one, anywhere under `dir`; names every such file. */
export function requireNoSecretsInFolder(dir: string): void {
  requireNone(findInFolder(dir));
}

function findInFolder(dir: string): string[] {
  const entries = unlessGone(() => readdirSync(dir, { withFileTypes: true })) ?? [];
  return entries.flatMap((entry) => {
    const path = join(dir, entry.name);
    const inName = findIn(`The name of ${path}`, entry.name);
    if (entry.isDirectory()) return [...inName, ...findInFolder(path)];
    if (!entry.isFile()) return inName;
    return [...inName, ...findIn(`The file ${path}`, unlessGone(() => readContent(path)) ?? '')];
  });
}

const findIn = (place: string, text: string) =>
  findSecrets(text).map((hint) => `${redactSecrets(place)} holds ${hint}.`);

function requireNone(leaks: readonly string[]): void {
  if (leaks.length > 0) assert.fail(`Keys were leaked:\n${leaks.join('\n')}`);
}

function readContent(path: string): string {
  const isTooLarge = path.includes('/events/') && statSync(path).size > FILE_BYTES_MAX;
  return isTooLarge ? '' : readFileSync(path, 'latin1');
}

/** A server in a process of its own may still be tidying up. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

const MINTING_PATH = /^\/(?:v1|app\/v1\/projects\/[^/?]+)\/api-keys(?:\/[^/?]+\/rotate)?$/;

type Answer = { headers: Headers; text: string; body: unknown };

/** Remembers the key that an answer gives to whoever made it, and fails when any answer holds one anywhere else. */
export function checkAnswer(method: string, path: string, { headers, text, body }: Answer): void {
  const shown = method === 'POST' && MINTING_PATH.test(path) ? keyOf(body) : '';
  noteSecrets(shown);
  const rest = shown === '' ? text : text.replace(shown, '');
  requireNoSecrets(`The answer to ${method} ${path}`, `${rest}\n${JSON.stringify([...headers])}`);
}

function keyOf(body: unknown): string {
  const isMinted = typeof body === 'object' && body !== null && 'key' in body;
  return isMinted && typeof body.key === 'string' ? body.key : '';
}
