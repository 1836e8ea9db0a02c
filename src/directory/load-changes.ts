import { setImmediate } from 'node:timers/promises';
import type { Selectable } from 'kysely';
import type { Control, ControlTransaction } from '../control/control.ts';
import type { ApiKeyTable, KeySecretTable } from '../control/schema.ts';
import type { Contents } from './contents.ts';
import { toApp, toProject } from './records.ts';

type KeyRow = Selectable<ApiKeyTable>;
type SecretRow = Selectable<KeySecretTable>;

/** What polling the control database for changes needs. */
export type ReadableControl = Pick<
  Control,
  'db' | 'snapshots' | 'changeStamp' | 'countRollbacks' | 'hasExactStamp' | 'losesAnswers'
>;

/**
 * Reading and packing as many keys takes 5 ms; then other work gets its turn. Few, so that few rows are in use whenever V8
 * collects new objects: with 1,000, its space for those grew by 65 MB, for good.
 */
const KEYS_PER_TURN = 250;

/**
 * Loads what changed after `contents.revision` in one snapshot, so that a key never appears before its project. Resolves with
 * `contents`, or with new ones if the database went back to an earlier state.
 */
export async function loadChanges(control: ReadableControl, contents: Contents): Promise<Contents> {
  const rollbacks = control.countRollbacks();
  const snapshot = control.snapshots.transaction().setIsolationLevel('repeatable read');
  return await snapshot.execute(async (tx) => {
    const { value } = await tx.selectFrom('revision').select('value').executeTakeFirstOrThrow();
    const isCurrent = rollbacks === contents.rollbacks && value >= contents.revision;
    const target = isCurrent ? contents : contents.renew();
    if (value !== target.revision) await loadSince(tx, target);
    target.revision = value;
    target.rollbacks = rollbacks;
    return target;
  });
}

async function loadSince(tx: ControlTransaction, contents: Contents): Promise<void> {
  const since = contents.revision;
  const projects = await tx.selectFrom('projects').selectAll().where('revision', '>', since).execute();
  const apps = await tx.selectFrom('apps').selectAll().where('revision', '>', since).orderBy('id').execute();
  for (const row of projects) contents.putProject(toProject(row));
  for (const row of apps) contents.putApp(toApp(row));
  if (since < 0) await loadAllKeys(tx, contents);
  else await loadChangedKeys(tx, contents, since);
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
