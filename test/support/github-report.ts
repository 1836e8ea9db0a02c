import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Answer, type Api, makeTempDir } from './harness.ts';

export const HOOK = '/hooks/secret-scanning/github';

const makePair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
/** The key pair that signs reports, and an attacker's. */
export const [github, attacker] = [makePair(), makePair()];

/** Writes GitHub's public key, with the identifier `k1`, to a file for APPFLOW_GITHUB_SCANNING_KEYS_FILE. */
export function writeKeysFile(): string {
  const file = join(makeTempDir(), 'github-keys.json');
  const key = github.publicKey.export({ type: 'spki', format: 'pem' });
  writeFileSync(file, JSON.stringify({ public_keys: [{ key_identifier: 'k1', key, is_current: true }] }));
  return file;
}

export const signedBy = (privateKey: KeyObject, body: string, identifier = 'k1') => ({
  'github-public-key-identifier': identifier,
  'github-public-key-signature': sign('sha256', Buffer.from(body), privateKey).toString('base64'),
});

export const bodyOf = (...tokens: unknown[]) =>
  JSON.stringify(
    tokens.map((token) => ({ token, type: 'appflow_key', url: 'https://github.com/a/b', source: 'commit' })),
  );

/** Sends a body as GitHub would. */
export function sendSigned(api: Api, body: string): Promise<Answer> {
  return api.call('POST', HOOK, { body, headers: signedBy(github.privateKey, body) });
}

/** Reports tokens as GitHub would. */
export function report(api: Api, ...tokens: unknown[]): Promise<Answer> {
  return sendSigned(api, bodyOf(...tokens));
}
