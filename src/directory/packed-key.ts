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

/** What is in the text of a key, besides its `SharedFields`. `entry` is where the MAC of a secret is. */
type Own = [
  id: string,
  name: string,
  metadata: string | 0,
  disabled: number,
  createdAt: number,
  revision: number,
  expiresAt: number | null,
  revokedAt: number | null,
  revokedBy: string | null,
  revokedReason: string | null,
  leakReportedAt: number | null,
  secrets: OwnSecret[],
];

type OwnSecret = [
  entry: number,
  version: number,
  hint: string,
  createdAt: number,
  expiresAt?: number | null,
  revokedAt?: number | null,
  firstUsedAt?: number | null,
  graceMs?: number | null,
];

const ID_FROM = '["'.length;

/** One character beyond Latin-1 would double the memory of the text. No hint has a `~`: the rest of it is base62. */
const packHint = (hint: string) => hint.replace('…', '~');
const unpackHint = (hint: string) => hint.replace('~', '…');

/** Returns the text of a key. `entries` are those of its secrets, in the same order. */
export function packKey(row: KeyRow, secrets: readonly SecretRow[], entries: readonly number[]): PackedKey {
  const own: Own = [
    row.id,
    row.name,
    row.metadata === '{}' ? 0 : row.metadata,
    row.disabled,
    row.created_at,
    row.revision,
    row.expires_at,
    row.revoked_at,
    row.revoked_by,
    row.revoked_reason,
    row.leak_reported_at,
    secrets.map((secret, index) => packSecret(secret, entries[index] ?? -1)),
  ];
  return JSON.stringify(own);
}

function packSecret(row: SecretRow, entry: number): OwnSecret {
  const start = [entry, row.version, packHint(row.hint), row.created_at] as const;
  const isPlain =
    row.expires_at === null && row.revoked_at === null && row.first_used_at === null && row.grace_ms === null;
  return isPlain ? [...start] : [...start, row.expires_at, row.revoked_at, row.first_used_at, row.grace_ms];
}

// Only `packKey` writes these texts.
const parse = (packed: PackedKey) => JSON.parse(packed) as Own;

/** Whether the text is that of the key with this id. */
export const hasId = (packed: PackedKey, id: string): boolean => packed.startsWith(JSON.stringify(id), 1);

/** Returns the id in the text of a key. Ids are plain ASCII, so nothing in them is escaped. */
export const idOf = (packed: PackedKey): string => packed.slice(ID_FROM, packed.indexOf('"', ID_FROM));

/** Returns the entries of a key's secrets. */
export const entriesOf = (packed: PackedKey): number[] => parse(packed)[11].map(([entry]) => entry);

/** Returns the key in a text, as if its project were not deleted. `macOf` returns the MAC of an entry. */
export function unpackKey(packed: PackedKey, shared: SharedFields, macOf: (entry: number) => string): ApiKey {
  const [id, name, metadata, disabled, createdAt, revision, expiresAt, ...rest] = parse(packed);
  const [revokedAt, revokedBy, revokedReason, leakReportedAt, secrets] = rest;
  return joinFields(shared, {
    id,
    name,
    metadata: metadata === 0 ? {} : (JSON.parse(metadata) as Record<string, string>),
    disabled: disabled === 1,
    createdAt,
    revision,
    expiresAt,
    revokedAt,
    revokedBy,
    revokedReason,
    leakReportedAt,
    isProjectDeleted: false,
    secrets: secrets.map((secret) => unpackSecret(secret, macOf)),
  });
}

function unpackSecret(secret: OwnSecret, macOf: (entry: number) => string): KeySecret {
  const [
    entry,
    version,
    hint,
    createdAt,
    expiresAt = null,
    revokedAt = null,
    firstUsedAt = null,
    graceMs = null,
  ] = secret;
  return {
    version,
    mac: macOf(entry),
    hint: unpackHint(hint),
    createdAt,
    expiresAt,
    revokedAt,
    firstUsedAt,
    graceMs,
  };
}
