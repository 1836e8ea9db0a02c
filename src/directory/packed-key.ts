import type { Selectable } from 'kysely';
import type { ApiKeyTable, KeySecretTable } from '../control/schema.ts';
import type { ApiKey, KeySecret } from './key.ts';
import { joinFields, type SharedFields } from './records.ts';

type KeyRow = Selectable<ApiKeyTable>;
type SecretRow = Selectable<KeySecretTable>;

/**
 * A key in memory: the text of what only it has, in JSON. As an object it would take 1 KB, so it becomes one when a request
 * needs it.
 */
export type PackedKey = string;

/**
 * What is in the text of a key, besides its `SharedFields`. What most keys do not have comes last and is left out. `entry` is
 * where the MAC of a secret is.
 */
type Own = [
  id: string,
  name: string,
  createdAt: number,
  revision: number,
  secrets: OwnSecret[],
  metadata?: string | null,
  disabled?: number | null,
  expiresAt?: number | null,
  revokedAt?: number | null,
  revokedBy?: string | null,
  revokedReason?: string | null,
  leakReportedAt?: number | null,
];

/** `createdAfter` counts milliseconds from the creation of the key. */
type OwnSecret = [
  entry: number,
  version: number,
  hint: string,
  createdAfter: number,
  expiresAt?: number | null,
  revokedAt?: number | null,
  firstUsedAt?: number | null,
  graceMs?: number | null,
];

const ID_FROM = '["'.length;

/** In UTF-8, the ellipsis takes three bytes. No hint has a `~`: the rest of it is base62. */
const packHint = (hint: string) => hint.replace('…', '~');
const unpackHint = (hint: string) => hint.replace('~', '…');

/** Returns the text of a key. `entries` are those of its secrets, in the same order. */
export function packKey(row: KeyRow, secrets: readonly SecretRow[], entries: readonly number[]): PackedKey {
  const own: Own = [
    row.id,
    row.name,
    row.created_at,
    row.revision,
    secrets.map((secret, index) => packSecret(secret, entries[index] ?? -1, row.created_at)),
    row.metadata === '{}' ? null : row.metadata,
    row.disabled === 0 ? null : row.disabled,
    row.expires_at,
    row.revoked_at,
    row.revoked_by,
    row.revoked_reason,
    row.leak_reported_at,
  ];
  return JSON.stringify(withoutLastNulls(own));
}

function packSecret(row: SecretRow, entry: number, keyCreatedAt: number): OwnSecret {
  return withoutLastNulls([
    entry,
    row.version,
    packHint(row.hint),
    row.created_at - keyCreatedAt,
    row.expires_at,
    row.revoked_at,
    row.first_used_at,
    row.grace_ms,
  ]);
}

function withoutLastNulls<T extends unknown[]>(values: T): T {
  while (values.at(-1) === null) values.pop();
  return values;
}

// Only `packKey` writes these texts.
const parse = (packed: PackedKey) => JSON.parse(packed) as Own;

/** Returns the start of the text of the key with this id, and of no other. Ids are plain ASCII without anything to escape. */
export const startOf = (id: string): string => `["${id}",`;

/** Returns the id in the text of a key. */
export const idOf = (packed: PackedKey): string => packed.slice(ID_FROM, packed.indexOf('"', ID_FROM));

/** Returns the entries of a key's secrets. */
export const entriesOf = (packed: PackedKey): number[] => parse(packed)[4].map(([entry]) => entry);

/** Returns the key in a text, as if its project were not deleted. `macOf` returns the MAC of an entry. */
export function unpackKey(packed: PackedKey, shared: SharedFields, macOf: (entry: number) => string): ApiKey {
  const [id, name, createdAt, revision, secrets, metadata = null, disabled = null, ...rest] = parse(packed);
  const [expiresAt = null, revokedAt = null, revokedBy = null, revokedReason = null, leakReportedAt = null] =
    rest;
  return joinFields(shared, {
    id,
    name,
    metadata: metadata === null ? {} : (JSON.parse(metadata) as Record<string, string>),
    disabled: disabled === 1,
    createdAt,
    revision,
    expiresAt,
    revokedAt,
    revokedBy,
    revokedReason,
    leakReportedAt,
    isProjectDeleted: false,
    secrets: secrets.map((secret) => unpackSecret(secret, createdAt, macOf)),
  });
}

function unpackSecret(secret: OwnSecret, keyCreatedAt: number, macOf: (entry: number) => string): KeySecret {
  const [
    entry,
    version,
    hint,
    createdAfter,
    expiresAt = null,
    revokedAt = null,
    firstUsedAt = null,
    graceMs = null,
  ] = secret;
  return {
    version,
    mac: macOf(entry),
    hint: unpackHint(hint),
    createdAt: keyCreatedAt + createdAfter,
    expiresAt,
    revokedAt,
    firstUsedAt,
    graceMs,
  };
}
