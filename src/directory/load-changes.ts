import { setImmediate } from 'node:timers/promises';
import type { Selectable } from 'kysely';
import type { Control, ControlTransaction } from '../control/open.ts';
import type { ApiKeyTable, KeySecretTable } from '../control/schema.ts';
import type { Contents } from './contents.ts';
import { toApp, toProject } from './records.ts';

type KeyRow = Selectable<ApiKeyTable>;
type SecretRow = Selectable<KeySecretTable>;

/** What polling the control database for changes needs. */
export type ReadableControl = Pick<Control, 'db' | 'changeStamp'>;

/** Reading and packing as many keys takes 20 ms; then other work gets its turn. */
const KEYS_PER_TURN = 1_000;

/** Loads what changed after `contents.revision` in one snapshot, so that a key never appears before its project. */
export async function loadChanges(control: ReadableControl, contents: Contents): Promise<void> {
  await control.db.transaction().execute(async (tx) => {
    const since = contents.revision;
    const { value } = await tx.selectFrom('revision').select('value').executeTakeFirstOrThrow();
    if (Number(value) === since) return;
    const projects = await tx.selectFrom('projects').selectAll().where('revision', '>', since).execute();
    const apps = await tx
      .selectFrom('apps')
      .selectAll()
      .where('revision', '>', since)
      .orderBy('id')
      .execute();
    for (const row of projects) contents.putProject(toProject(row));
    for (const row of apps) contents.putApp(toApp(row));
    if (since < 0) await loadAllKeys(tx, contents);
    else await loadChangedKeys(tx, contents, since);
    contents.revision = Number(value);
  });
}

/** Loads all keys, by ascending id. A load that fails on its way is done again from its start. */
async function loadAllKeys(tx: ControlTransaction, contents: Contents): Promise<void> {
  let after = '';
  for (;;) {
    const keys = await tx
      .selectFrom('api_keys')
      .selectAll()
      .where('id', '>', after)
      .orderBy('id')
      .limit(KEYS_PER_TURN)
      .execute();
    const last = keys.at(-1)?.id;
    if (last === undefined) return;
    const secrets = await tx
      .selectFrom('key_secrets')
      .selectAll()
      .where('key_id', '>', after)
      .where('key_id', '<=', last)
      .execute();
    putKeys(contents, keys, secrets);
    after = last;
    await setImmediate();
  }
}

async function loadChangedKeys(tx: ControlTransaction, contents: Contents, since: number): Promise<void> {
  const keys = await tx
    .selectFrom('api_keys')
    .selectAll()
    .where('revision', '>', since)
    .orderBy('id')
    .execute();
  const secrets = await tx
    .selectFrom('key_secrets')
    .innerJoin('api_keys', 'api_keys.id', 'key_secrets.key_id')
    .where('api_keys.revision', '>', since)
    .selectAll('key_secrets')
    .execute();
  putKeys(contents, keys, secrets);
}

function putKeys({ keys }: Contents, rows: readonly KeyRow[], secrets: readonly SecretRow[]): void {
  const secretsByKey = Map.groupBy(secrets, (secret) => secret.key_id);
  for (const row of rows) {
    const own = secretsByKey.get(row.id) ?? [];
    keys.put(
      row,
      own.sort((a, b) => b.version - a.version),
    );
  }
}
