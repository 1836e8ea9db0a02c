import { type KeyObject, verify } from 'node:crypto';
import { ApiError } from '../api/errors.ts';
import type { RawRequest } from '../api/raw-request.ts';
import type { GithubKeys } from './github-keys.ts';

/** The claim in the headers of a report: which of GitHub's keys signed it, and the signature (DER). */
export type SignatureClaim = { identifier: string; signature: Buffer };

const IDENTIFIER = /^[\w.-]{1,128}$/;
/** Two integers of at most 33 bytes in DER are 8 to 72 bytes; in base64 at most 96 characters. */
const SIGNATURE = /^[A-Za-z0-9+/]{11,96}={0,2}$/;

const refuse = (detail: string) => new ApiError('invalid_signature', { detail });
const malformed = (header: string) => refuse(`The header ${header} is malformed. Send it as GitHub does.`);

function readHeader(headers: RawRequest['headers'], name: string, pattern: RegExp): string {
  const value = headers[name.toLowerCase()];
  if (typeof value !== 'string' || value === '') throw refuse(`The header ${name} is missing.`);
  if (!pattern.test(value)) throw malformed(name);
  return value;
}

/** Returns the claim in the headers. Throws 401 if they are missing or invalid for any body. */
export function readSignature(headers: RawRequest['headers']): SignatureClaim {
  const identifier = readHeader(headers, 'Github-Public-Key-Identifier', IDENTIFIER);
  const header = 'Github-Public-Key-Signature';
  const signature = Buffer.from(readHeader(headers, header, SIGNATURE), 'base64');
  if (!isEcdsaSignature(signature)) throw malformed(header);
  return { identifier, signature };
}

/** Whether the bytes are a SEQUENCE of two INTEGERs and nothing else, as DER encodes a signature (RFC 3279 §2.2.3). */
function isEcdsaSignature(bytes: Buffer): boolean {
  const [SEQUENCE, INTEGER] = [0x30, 0x02];
  const second = 4 + (bytes[3] ?? 0);
  return (
    bytes[0] === SEQUENCE &&
    bytes[1] === bytes.length - 2 &&
    bytes[2] === INTEGER &&
    bytes[second] === INTEGER &&
    second + 2 + (bytes[second + 1] ?? 0) === bytes.length
  );
}

/** Returns GitHub's key with this identifier. Throws 401 if it has none, 503 if its server does not respond. */
export async function getSigningKey(keys: GithubKeys, identifier: string): Promise<KeyObject> {
  const answer = await keys.find(identifier);
  if (answer.outcome === 'found') return answer.key;
  if (answer.outcome === 'unknown') throw refuse('GitHub has no public key with this identifier.');
  throw new ApiError('overloaded', {
    detail: "GitHub's public keys are currently unavailable. Send the report again later.",
    headers: { 'retry-after': String(answer.retryAfterSeconds) },
  });
}

/** Throws 401 unless this key signed these bytes (ECDSA on P-256 with SHA-256). */
export function requireSigned(body: Buffer, key: KeyObject, { signature }: SignatureClaim): void {
  if (!verify('sha256', body, key, signature)) throw refuse('The signature does not match the body.');
}
