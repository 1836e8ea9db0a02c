import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Kysely } from 'kysely';
import { NO_CALLER } from '../../src/control/control.ts';
import type { ControlSchema } from '../../src/control/schema.ts';
import type { ApiKey } from '../../src/directory/key.ts';
import { getStoredKey } from '../../src/directory/records.ts';
import { createSecret, encodeMac, hintOf, macOf } from '../../src/directory/secret.ts';
import { etagOf } from '../../src/keys/etag.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { cleanUp } from '../support/clean-up.ts';
import { initProject, makeConfig } from '../support/harness.ts';

// Two processes' worth of services on one file: `other` changes keys by plain SQL, `services` reads what it wrote.
const config = makeConfig();
const { project_id } = await initProject(config);
const services = await openControlServices(config);
const other = await openControlServices(config);
const { directory, pepper } = services;
cleanUp(async () => {
  await other.close();
  await services.close();
});

let random = 1;
const draw = (below: number) => {
  random = (random * 48_271) % 2_147_483_647;
  return random % below;
};
const pick = <T>(list: readonly [T, ...T[]]): T => list[draw(list.length)] ?? list[0];

/** The reference: the key of each secret, by the secret itself; `undefined` for secrets that no longer exist. */
const keyOfSecret = new Map<string, string | undefined>();
const secretsOf = new Map<string, string[]>();
const ids: string[] = [];

const idAt = (index: number) => `key_01${String((index * 7_919) % 1_000_003).padStart(24, '0')}`;

function addSecret(id: string): { row: Record<string, unknown>; secret: string } {
  const secret = createSecret('server');
  const secrets = [...(secretsOf.get(id) ?? []), secret];
  keyOfSecret.set(secret, id);
  secretsOf.set(id, secrets);
  const mac = encodeMac(macOf(secret, pepper));
  const row = { key_id: id, version: secrets.length, mac, pepper_id: pepper.id, hint: hintOf(secret) };
  return { row: { ...row, created_at: draw(1_000_000) }, secret };
}

type Change = (tx: Kysely<ControlSchema>, revision: number) => Promise<unknown>;

const create: Change = async (tx, revision) => {
  const id = idAt(ids.length);
  ids.push(id);
  const key = {
    id,
    project_id,
    type: pick(['server', 'client', 'read_only']),
    name: pick(['Plain', 'Zoë', '日本語', 'say "hi" \\ ~ …']),
    scopes: pick([null, '[]', '["events:write"]']),
    app_ids: pick([null, '[]', '["app_1","app_2"]']),
    expires_at: pick([null, 5, 2_000_000_000_000]),
    ip_allowlist: pick(['[]', '["10.0.0.0/8"]']),
    allowed_origins: pick(['[]', '["https://example.com"]']),
    bundle_ids: pick(['[]', '["com.example.app"]']),
    allowed_sdks: pick([null, '["posthog","appflow"]']),
    metadata: pick(['{}', '{"team":"data","ö":"…"}']),
    disabled: draw(2),
    created_at: draw(1_000_000),
    created_by: pick(['cli', 'usr_1']),
    rate_limits: pick([null, '{"events":{"requests":{"rate":1,"burst":2}}}']),
    revision,
  };
  await tx.insertInto('api_keys').values(key).execute();
  await tx
    .insertInto('key_secrets')
    .values(addSecret(id).row as never)
    .execute();
};

const changeKey =
  (fields: Record<string, unknown>): Change =>
  async (tx, revision) => {
    const id = pick(ids as [string]);
    await tx
      .updateTable('api_keys')
      .set({ ...fields, revision })
      .where('id', '=', id)
      .execute();
  };

const rotate: Change = async (tx, revision) => {
  const id = pick(ids as [string]);
  await tx
    .updateTable('key_secrets')
    .set({ expires_at: draw(1_000_000), grace_ms: pick([null, 60_000]) })
    .where('key_id', '=', id)
    .execute();
  await tx
    .insertInto('key_secrets')
    .values(addSecret(id).row as never)
    .execute();
  await tx.updateTable('api_keys').set({ revision }).where('id', '=', id).execute();
};

/** Replaces the MAC of a secret, as under a new APPFLOW_SECRET: the old MAC finds nothing from then on. */
const replaceMac: Change = async (tx, revision) => {
  const id = pick(ids as [string]);
  const [secret = ''] = secretsOf.get(id) ?? [];
  keyOfSecret.set(secret, undefined);
  const next = createSecret('server');
  keyOfSecret.set(next, id);
  secretsOf.set(id, [next, ...(secretsOf.get(id) ?? []).slice(1)]);
  await tx
    .updateTable('key_secrets')
    .set({ mac: encodeMac(macOf(next, pepper)) })
    .where('key_id', '=', id)
    .where('version', '=', 1)
    .execute();
  await tx.updateTable('api_keys').set({ revision }).where('id', '=', id).execute();
};

const changes: readonly [Change, ...Change[]] = [
  create,
  create,
  rotate,
  replaceMac,
  changeKey({ revoked_at: 7, revoked_by: 'usr_2', revoked_reason: 'leaked' }),
  changeKey({ revoked_at: null, revoked_by: null, revoked_reason: null }),
  changeKey({ expires_at: 9 }),
  changeKey({ expires_at: null, metadata: '{"changed":"yes"}', leak_reported_at: 3 }),
  changeKey({ ip_allowlist: '["192.0.2.1"]', rate_limits: null }),
  changeKey({ allowed_sdks: '["segment"]' }),
  changeKey({ allowed_sdks: null }),
];

async function change(count: number): Promise<void> {
  await other.control.write(NO_CALLER, async ({ tx, revision }) => {
    for (let done = 0; done < count; done += 1)
      await (ids.length < 20 ? create : pick(changes))(tx, revision);
  });
}

async function assertEqual(read: typeof directory, keyIds: readonly string[]): Promise<void> {
  const stored = new Map<string, ApiKey>();
  await other.control.db.transaction().execute(async (tx) => {
    for (const id of keyIds) stored.set(id, await getStoredKey(tx, id));
  });
  for (const [id, key] of stored) {
    assert.deepEqual(read.findKey(id), key);
    const found = read.findKey(id);
    assert.ok(found);
    assert.deepEqual(
      JSON.stringify(found),
      JSON.stringify(key),
      'the order of the members is part of the etag',
    );
    assert.equal(etagOf(found), etagOf(key));
    for (const secret of secretsOf.get(id) ?? []) {
      const presented = read.findByMac(macOf(secret, pepper));
      assert.equal(presented?.key.id, id);
      assert.deepEqual(
        presented?.secret,
        key.secrets.find(({ mac }) => mac === macOf(secret, pepper)),
      );
    }
  }
}

it('equals the stored keys after random changes by another process, whatever they were', async () => {
  for (let round = 0; round < 60; round += 1) {
    await change(1 + draw(60));
    await directory.refresh();
    await assertEqual(directory, [...new Set(Array.from({ length: 40 }, () => pick(ids as [string])))]);
  }
  await assertEqual(directory, ids);
  for (const [secret, id] of keyOfSecret)
    assert.equal(directory.findByMac(macOf(secret, pepper))?.key.id, id, 'of each secret that ever was');
});

it('lists keys in the order of ids, and those that expire before an instant', async () => {
  const listed = directory.listKeys(project_id).map(({ id }) => id);
  assert.deepEqual(listed, listed.toSorted());
  assert.equal(listed.length, directory.countKeys());
  assert.ok(ids.every((id) => listed.includes(id)));
  const view = directory.viewKeys(project_id);
  assert.deepEqual(
    [view.at(0)?.id, view.at(-1)?.id, view.at(view.length)],
    [listed[0], listed.at(-1), undefined],
  );
  const expiring = (instant: number) => directory.listExpiringBefore(instant).map(({ id }) => id);
  const all = directory.listKeys(project_id);
  for (const instant of [5, 6, 9, 10, Number.POSITIVE_INFINITY]) {
    const due = all.filter(({ expiresAt }) => expiresAt !== null && expiresAt < instant);
    assert.deepEqual(
      expiring(instant).toSorted(),
      due.map(({ id }) => id),
    );
  }
});

it('loads the same at a start, in several steps', async () => {
  const started = await openControlServices(config);
  try {
    assert.equal(started.directory.countKeys(), directory.countKeys());
    await assertEqual(started.directory, ids);
  } finally {
    await started.close();
  }
});

it('returns the same key while nothing changed, and another one after a change', async () => {
  const [id = ''] = ids;
  const before = directory.findKey(id);
  assert.equal(directory.findKey(id), before);
  await other.control.write(NO_CALLER, ({ tx, revision }) =>
    tx.updateTable('api_keys').set({ name: 'Renamed', revision }).where('id', '=', id).execute(),
  );
  await directory.refresh();
  assert.notEqual(directory.findKey(id), before);
  assert.equal(directory.findKey(id)?.name, 'Renamed');
});
