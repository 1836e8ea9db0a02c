import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cleanUp } from '../../test/support/clean-up.ts';
import { makeClock, makeConfig } from '../../test/support/harness.ts';
import { CLI_REQUESTER } from '../api/caller.ts';
import { macOf } from '../directory/secret.ts';
import { createProject } from '../projects/create.ts';
import { openControlServices } from '../server/open-services.ts';
import { createKey } from './create.ts';
import { CLI_GRANTOR } from './escalation.ts';
import { etagOf } from './etag.ts';
import { restoreKey } from './restore.ts';
import { revokeKey } from './revoke.ts';
import { endGracePeriod, rotateKey } from './rotate.ts';
import { type UpdateKeyBody, updateKey } from './update.ts';

const [FIRST, SECOND] = ['the first secret of this installation', 'the second secret of this installation'];

const clock = makeClock();
const config = makeConfig({ APPFLOW_SECRET: FIRST });
const services = await openControlServices(config, clock);
cleanUp(() => services.close());
const project = await createProject(services, 'Versions', CLI_REQUESTER);

const make = () => createKey(services, project, { name: 'Test', type: 'server' }, CLI_GRANTOR);

function tagOf(keyId: string, { directory } = services): string {
  const key = directory.findKey(keyId);
  assert.ok(key);
  return etagOf(key);
}

describe('the etag of a key', () => {
  it('changes with every field that is changed', async () => {
    const { key } = await make();
    const seen = new Set([tagOf(key.id)]);
    const changes: UpdateKeyBody[] = [
      { name: 'Other' },
      { scopes: ['keys:read'] },
      { expires_at: new Date(clock.now() + 1_000_000).toISOString() },
      { expires_at: new Date(clock.now() + 1_000_001).toISOString() },
      { ip_allowlist: ['10.0.0.0/8'] },
      { rate_limits: { management: { requests: { rate: 1, burst: 1 } } } },
      { metadata: { a: 'b' } },
      { metadata: { a: 'c' } },
      { disabled: true },
    ];
    for (const body of changes) {
      await updateKey(services, project, { keyId: key.id, body }, CLI_GRANTOR);
      seen.add(tagOf(key.id));
    }
    assert.equal(seen.size, changes.length + 1);
  });

  it('changes with the SDKs of a client key, and is that of releases without them if there are none', async () => {
    const { key } = await createKey(services, project, { name: 'Phones', type: 'client' }, CLI_GRANTOR);
    const unrestricted = tagOf(key.id);
    const { allowedSdks, ...older } = key;
    assert.equal(allowedSdks, null);
    assert.equal(etagOf(older as typeof key), unrestricted);
    const body = { allowed_sdks: ['posthog' as const] };
    const restricted = await updateKey(services, project, { keyId: key.id, body }, CLI_GRANTOR);
    assert.notEqual(etagOf(restricted), unrestricted);
  });

  it('changes when the key is rotated, its grace period ended, revoked or restored', async () => {
    const { key } = await make();
    const start = tagOf(key.id);
    await rotateKey(services, project, key.id, {}, CLI_GRANTOR);
    const rotated = tagOf(key.id);
    await rotateKey(services, project, key.id, { force: true }, CLI_GRANTOR);
    const forced = tagOf(key.id);
    await endGracePeriod(services, key, CLI_REQUESTER);
    const ended = tagOf(key.id);
    await revokeKey(services, key, 'unused', CLI_REQUESTER);
    const revoked = tagOf(key.id);
    assert.equal(new Set([start, rotated, forced, ended, revoked]).size, 5);
    await restoreKey(services, project, key.id, CLI_GRANTOR);
    assert.equal(tagOf(key.id), ended, 'a key that is again what it was');
  });

  it('stays the same when the new secret is first used, even if that starts the grace period', async () => {
    const { key } = await make();
    const body = { grace_seconds: 60, grace_from: 'first_use' } as const;
    const { secret } = await rotateKey(services, project, key.id, body, CLI_GRANTOR);
    const etag = tagOf(key.id);
    const before = services.directory.findKey(key.id);
    const found = services.directory.findByMac(macOf(secret, services.pepper));
    assert.ok(found);
    services.firstUse.record(found);
    await services.firstUse.flush();
    const after = services.directory.findKey(key.id);
    assert.notEqual(after?.revision, before?.revision);
    assert.notEqual(after?.secrets[1]?.expiresAt, before?.secrets[1]?.expiresAt);
    assert.equal(tagOf(key.id), etag);
    const change = { keyId: key.id, body: { name: 'Patched' }, ifMatch: etag };
    assert.equal((await updateKey(services, project, change, CLI_GRANTOR)).name, 'Patched');
  });

  it('stays the same when its secret moves to another APPFLOW_SECRET, and in every process', async () => {
    const { key, secret } = await make();
    const etag = tagOf(key.id);
    const env = { APPFLOW_SECRET: SECOND, APPFLOW_SECRET_RETIRED: FIRST, APPFLOW_DATA_DIR: config.dataDir };
    const moved = await openControlServices(makeConfig(env), clock);
    const { directory, pepper, retiredPeppers, rehash } = moved;
    assert.equal(tagOf(key.id, moved), etag);
    const [retired] = retiredPeppers;
    assert.ok(retired);
    const found = directory.findByMac(macOf(secret, retired));
    assert.ok(found);
    rehash.enqueue(secret, found);
    await rehash.flush();
    assert.ok(directory.findByMac(macOf(secret, pepper)), 'it has moved');
    assert.notEqual(directory.findKey(key.id)?.revision, found.key.revision);
    const change = { keyId: key.id, body: { name: 'Patched' }, ifMatch: etag };
    const there = moved.directory.findProject(project.id);
    assert.ok(there);
    assert.equal((await updateKey(moved, there, change, CLI_GRANTOR)).name, 'Patched');
    await moved.close();
  });
});
