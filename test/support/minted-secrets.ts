import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hintOf, patternOf, redactSecrets } from '../../src/directory/secret.ts';

const PREFIX_LENGTH = 'sk_af1_'.length;
const RANDOM_LENGTH = 43;
/** Finds keys of every type. */
const SECRET_PATTERN = new RegExp(patternOf('(?:sk|ck|ro)'), 'g');
/** Only compressed columns of the event store are larger. They contain events, which these servers put no keys in. */
const FILE_BYTES_MAX = 8_000_000;

/** Random part → hint of every key created by this process's servers and commands (one process per test file). */
const minted = new Map<string, string>();

/** Remembers every key in `text`. From now on it must not appear anywhere else. */
export function trackSecrets(text: string): void {
  for (const [secret] of text.matchAll(SECRET_PATTERN)) {
    minted.set(secret.slice(PREFIX_LENGTH, PREFIX_LENGTH + RANDOM_LENGTH), hintOf(secret));
  }
}

/** Returns the hints of remembered keys whose random part, which is enough to do harm, is in `text`. */
export function findSecrets(text: string): string[] {
  const hints = new Set<string>();
  // A single pass for any number of keys: only an unbroken run of letters and digits can contain one.
  for (const [row] of text.matchAll(/[0-9A-Za-z]{43,}/g)) {
    for (let start = 0; start + RANDOM_LENGTH <= row.length; start += 1) {
      const hint = minted.get(row.slice(start, start + RANDOM_LENGTH));
      if (hint !== undefined) hints.add(hint);
    }
  }
  return [...hints];
}

/** Fails if a remembered key is in `text`. `place` names the text in the message. */
export function requireNoSecrets(place: string, text: string): void {
  requireNone(findIn(place, text));
}

/** Fails if a remembered key is in the name or content of a file anywhere under `dir`. Lists every such file. */
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

/** Returns undefined if the file no longer exists: a server in another process may still be cleaning up. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

const KEY_CREATION_PATH = /^\/(?:v1|app\/v1\/projects\/[^/?]+)\/api-keys(?:\/[^/?]+\/rotate)?$/;

type Answer = { headers: Headers; text: string; body: unknown };

/** Amplitude's SDKs compare this refusal with the client key they sent. */
const AMPLITUDE_REFUSAL = /"error":"Invalid API key: ck_[^"]*"/;

/**
 * Remembers the key in the answer that creates it, and fails if a key appears in any other place of an answer, except the
 * client key that Amplitude's SDKs expect back when it is refused.
 */
export function checkAnswer(method: string, path: string, { headers, text, body }: Answer): void {
  const created = method === 'POST' && KEY_CREATION_PATH.test(path) ? keyOf(body) : '';
  trackSecrets(created);
  const isAmplitude = path === '/2/httpapi' || path === '/batch';
  const expected = created === '' && isAmplitude ? AMPLITUDE_REFUSAL : created;
  const rest = expected === '' ? text : text.replace(expected, '');
  requireNoSecrets(`The answer to ${method} ${path}`, `${rest}\n${JSON.stringify([...headers])}`);
}

function keyOf(body: unknown): string {
  const isMinted = typeof body === 'object' && body !== null && 'key' in body;
  return isMinted && typeof body.key === 'string' ? body.key : '';
}
