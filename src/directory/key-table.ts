import type { Selectable } from 'kysely';
import type { ApiKeyTable, KeySecretTable } from '../control/schema.ts';
import type { Rows } from './find-index.ts';
import type { ApiKey, KeySecret } from './key.ts';
import { createKeyNumbers } from './key-numbers.ts';
import { createMacTable } from './mac-table.ts';
import { entriesOf, packKey, unpackKey } from './packed-key.ts';
import { createRecent } from './recent.ts';
import { withRoom } from './row-index.ts';
import { createSharedTable } from './shared-fields.ts';
import { createTextStore } from './text-store.ts';

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
  const packed = createTextStore();
  const macs = createMacTable();
  const fields = createSharedTable();
  const numbers = createKeyNumbers(packed);
  const unpacked = createRecent<ApiKey>(UNPACKED_MAX);
  /** By number of the key, like `expiresAt`: a list of a million numbers would be copied, and seen, by V8's collections. */
  let shared = new Int32Array(0);
  let expiresAt = new Float64Array(0);

  function unpack(key: number): ApiKey {
    return complete(unpackKey(packed.get(key), fields.fieldsOf(shared[key] ?? -1), macs.macOf));
  }

  function read(key: number): ApiKey {
    return unpacked.get(key) ?? unpacked.add(key, unpack(key));
  }

  return {
    put(row, secrets) {
      const known = numbers.find(row.id);
      const before =
        known === undefined ? undefined : { text: packed.get(known), shared: shared[known] ?? -1 };
      const key = known ?? numbers.add(row.id, row.project_id);
      shared = withRoom(shared, key + 1);
      expiresAt = withRoom(expiresAt, key + 1);
      for (const entry of before ? entriesOf(before.text) : []) macs.remove(entry);
      const entries = secrets.map(({ mac }) => macs.add(mac, key));
      packed.set(key, packKey(row, secrets, entries));
      shared[key] = fields.take(row);
      if (before) fields.release(before.shared);
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
      const key = numbers.find(keyId);
      return key === undefined ? undefined : read(key);
    },
    viewProject(projectId) {
      const keys = numbers.listOfProject(projectId);
      return {
        length: keys.length,
        at(index) {
          const key = keys.at(index);
          return key === undefined ? undefined : (unpacked.get(key) ?? unpack(key));
        },
      };
    },
    listExpiringBefore: (instant) =>
      listBelow(expiresAt.subarray(0, numbers.count()), instant).map((key) => unpack(key)),
    forgetUnpacked: unpacked.clear,
    count: numbers.count,
  };
}

/** Returns the positions of the values below `bound`. */
function listBelow(values: Float64Array, bound: number): number[] {
  const found: number[] = [];
  values.forEach((value, index) => {
    if (value < bound) found.push(index);
  });
  return found;
}
