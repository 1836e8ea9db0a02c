import type { Selectable } from 'kysely';
import type { ApiKeyTable, KeySecretTable } from '../control/schema.ts';
import type { ApiKey, KeySecret } from './key.ts';
import { findIndexFrom, type Rows } from './find-index.ts';
import { createMacTable } from './mac-table.ts';
import { entriesOf, hasId, idOf, type PackedKey, packKey, unpackKey } from './packed-key.ts';
import { createRecent } from './recent.ts';
import { createSharedTable, type SharedEntry } from './shared-fields.ts';
import { createRowIndex, withRoom } from './row-index.ts';

type KeyRow = Selectable<ApiKeyTable>;
type SecretRow = Selectable<KeySecretTable>;

/** All keys, packed. A key keeps its number for good: keys are never deleted. */
export type KeyTable = {
  /** Stores a key or what has changed of it; `secrets` are all of its secrets, newest first. */
  put: (row: KeyRow, secrets: readonly SecretRow[]) => void;
  /** Returns the key and the one of its secrets with this MAC. */
  findByMac: (mac: string) => { key: ApiKey; secret: KeySecret } | undefined;
  findById: (keyId: string) => ApiKey | undefined;
  /** Returns the keys of a project by ascending id. Each is unpacked when it is read, and not kept. */
  viewProject: (projectId: string) => Rows<ApiKey>;
  /** Returns the keys that expire before `instant`, epoch milliseconds. */
  listExpiringBefore: (instant: number) => ApiKey[];
  /** Unpacks the keys again when they are next read, because `complete` would return something else. */
  forgetUnpacked: () => void;
  count: () => number;
};

/** How many keys stay unpacked that were used last, and as many again: about 10 MB. */
const UNPACKED_MAX = 8_192;

/**
 * Returns an empty table. `complete` returns a stored key as it counts in this process. A key is the same object for as
 * long as it has not changed and is in use, so that what is derived from it can be kept beside it.
 */
export function createKeyTable(complete: (stored: ApiKey) => ApiKey): KeyTable {
  const packed: PackedKey[] = [];
  const shared: SharedEntry[] = [];
  const macs = createMacTable();
  const fields = createSharedTable();
  const byProject = new Map<string, number[]>();
  const unpacked = createRecent<ApiKey>(UNPACKED_MAX);
  let expiresAt = new Float64Array(0);
  let idHashes = new Int32Array(0);
  const ids = createRowIndex((key) => idHashes[key] ?? 0);

  function numberOf(keyId: string): number | undefined {
    const hash = hashOf(keyId);
    return ids.find(hash, (key) => idHashes[key] === hash && hasId(packed[key] ?? '', keyId));
  }

  function unpack(key: number): ApiKey {
    const [text, entry] = [packed[key], shared[key]];
    if (text === undefined || entry === undefined) throw new Error(`There is no key ${key}.`);
    return complete(unpackKey(text, entry.fields, macs.macOf));
  }

  function read(key: number): ApiKey {
    return unpacked.get(key) ?? unpacked.add(key, unpack(key));
  }

  function add(row: KeyRow): number {
    const key = packed.length;
    idHashes = withRoom(idHashes, key + 1);
    expiresAt = withRoom(expiresAt, key + 1);
    idHashes[key] = hashOf(row.id);
    packed.push('');
    ids.add(hashOf(row.id), key);
    const keys = byProject.get(row.project_id);
    if (keys === undefined) byProject.set(row.project_id, [key]);
    else putInOrder(keys, key, row.id, packed);
    return key;
  }

  return {
    put(row, secrets) {
      const known = numberOf(row.id);
      const before = known === undefined ? undefined : { text: packed[known] ?? '', entry: shared[known] };
      const key = known ?? add(row);
      for (const entry of before ? entriesOf(before.text) : []) macs.remove(entry);
      const entries = secrets.map(({ mac }) => macs.add(mac, key));
      packed[key] = packKey(row, secrets, entries);
      shared[key] = fields.take(row);
      if (before?.entry) fields.release(before.entry);
      expiresAt[key] = row.expires_at ?? Number.POSITIVE_INFINITY;
      unpacked.remove(key);
    },
    findByMac(mac) {
      const entry = macs.find(mac);
      if (entry === undefined) return undefined;
      const key = read(macs.keyOf(entry));
      const secret = key.secrets.find((one) => one.mac === mac);
      return secret && { key, secret };
    },
    findById(keyId) {
      const key = numberOf(keyId);
      return key === undefined ? undefined : read(key);
    },
    viewProject(projectId) {
      const keys = byProject.get(projectId) ?? [];
      return {
        length: keys.length,
        at(index) {
          const key = keys.at(index);
          return key === undefined ? undefined : (unpacked.get(key) ?? unpack(key));
        },
      };
    },
    listExpiringBefore: (instant) =>
      [...expiresAt.subarray(0, packed.length).entries()]
        .filter(([, expiry]) => expiry < instant)
        .map(([key]) => unpack(key)),
    forgetUnpacked: unpacked.clear,
    count: () => packed.length,
  };
}

/** Puts a key into the list of its project, which is in the order of ids, so that no request has to sort it. */
function putInOrder(keys: number[], key: number, keyId: string, packed: readonly PackedKey[]): void {
  const idAt = (index: number) => ({ id: idOf(packed[keys.at(index) ?? -1] ?? '') });
  keys.splice(findIndexFrom({ length: keys.length, at: idAt }, keyId), 0, key);
}

/** Ids created in the same second share their start: their end is what differs. */
const DISTINCT_CHARACTERS = 12;

/** Returns a 32-bit hash of an id (FNV-1a). */
function hashOf(keyId: string): number {
  let hash = 0x811c9dc5;
  for (let at = Math.max(0, keyId.length - DISTINCT_CHARACTERS); at < keyId.length; at += 1) {
    hash = Math.imul(hash ^ keyId.charCodeAt(at), 0x01000193);
  }
  return hash ^ (hash >>> 15);
}
