import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cleanUp } from '../../../test/support/clean-up.ts';
import { makeClock, makeConfig } from '../../../test/support/harness.ts';
import { CLI_REQUESTER } from '../../api/caller.ts';
import type { FoundKey } from '../../directory/directory.ts';
import { macOf } from '../../directory/secret.ts';
import { createProject } from '../../projects/create.ts';
import { openControlServices } from '../../server/open-services.ts';
import { createKey } from '../create.ts';
import { CLI_GRANTOR } from '../escalation.ts';
import { endGracePeriod, rotateKey } from '../rotate.ts';
import { createFirstUse } from './first-use.ts';

const clock = makeClock();
const services = await openControlServices(makeConfig(), clock);
cleanUp(() => services.close());
const { directory, pepper, control, firstUse } = services;
const project = await createProject(services, 'First use', CLI_REQUESTER);

function find(secret: string): FoundKey {
  const found = directory.findByMac(macOf(secret, pepper));
  assert.ok(found);
  return found;
}

const rotate = async (keyId: string, force = false, by = services) => {
  const body = { grace_seconds: 60, grace_from: 'first_use', force } as const;
  return (await rotateKey(by, project, keyId, body, CLI_GRANTOR)).secret;
};

async function makeRotated() {
  const made = await createKey(services, project, { name: 'Test', type: 'server' }, CLI_GRANTOR);
  const fresh = await rotate(made.key.id);
  return { id: made.key.id, old: made.secret, fresh };
}

const isPending = ({ key, secret }: FoundKey) => firstUse.isPending(key.id, secret.version);

describe('the first use of a new secret', () => {
  it('counts from the first request with it, however late that is written and however many follow', async () => {
    const { old, fresh } = await makeRotated();
    const stale = find(fresh);
    const usedAt = clock.now();
    firstUse.record(stale);
    clock.advance(10_000);
    firstUse.record(stale);
    assert.equal(find(fresh).secret.firstUsedAt, null, 'not in the request');
    await firstUse.flush();
    assert.equal(find(fresh).secret.firstUsedAt, usedAt);
    assert.equal(find(old).secret.expiresAt, usedAt + 60_000);
    firstUse.record(stale);
    await firstUse.flush();
    assert.equal(
      find(fresh).secret.firstUsedAt,
      usedAt,
      'nor when a request with an outdated record reports it again',
    );
  });

  it('never extends the grace period beyond its maximum', async () => {
    const { old, fresh } = await makeRotated();
    const end = find(old).secret.expiresAt;
    assert.ok(end);
    clock.set(end - 30_000);
    firstUse.record(find(fresh));
    await firstUse.flush();
    assert.equal(find(old).secret.expiresAt, end);
  });

  it('costs nothing afterwards, for the old secret, and for keys that were never rotated', async () => {
    const { old, fresh } = await makeRotated();
    firstUse.record(find(fresh));
    await firstUse.flush();
    const { secret } = await createKey(services, project, { name: 'Test', type: 'server' }, CLI_GRANTOR);
    const before = control.countStatements();
    for (const one of [fresh, old, secret]) {
      firstUse.record(find(one));
      assert.equal(isPending(find(one)), false);
    }
    await firstUse.flush();
    assert.equal(control.countStatements(), before);
  });

  it('is written once for a burst of requests, and for many keys in one transaction', async () => {
    const all = [await makeRotated(), await makeRotated(), await makeRotated()];
    const revision = () => control.db.selectFrom('revision').select('value').executeTakeFirstOrThrow();
    const before = (await revision()).value;
    for (let round = 0; round < 20; round += 1) for (const { fresh } of all) firstUse.record(find(fresh));
    await firstUse.flush();
    assert.equal((await revision()).value, before + 1);
    for (const { fresh } of all) assert.equal(find(fresh).secret.firstUsedAt, clock.now());
  });

  it('stays known if it could not be written, and is written later with its own time', async () => {
    const { fresh } = await makeRotated();
    let isBroken = true;
    const broken: typeof control = {
      ...control,
      write: (...args) => (isBroken ? Promise.reject(new Error('disk full')) : control.write(...args)),
    };
    const own = createFirstUse({ ...services, control: broken });
    const { key, secret } = find(fresh);
    const usedAt = clock.now();
    own.record({ key, secret });
    await own.flush();
    assert.equal(find(fresh).secret.firstUsedAt, null);
    assert.equal(own.isPending(key.id, secret.version), true);
    isBroken = false;
    clock.advance(5_000);
    await own.close();
    assert.equal(find(fresh).secret.firstUsedAt, usedAt);
    assert.equal(own.isPending(key.id, secret.version), false);
  });

  it('changes nothing if the grace period was ended, or the key rotated again, before it was written', async () => {
    const [ended, again] = [await makeRotated(), await makeRotated()];
    firstUse.record(find(ended.fresh));
    firstUse.record(find(again.fresh));
    await endGracePeriod(services, { id: ended.id, projectId: project.id }, CLI_REQUESTER);
    const third = await rotate(again.id, true);
    const before = find(again.fresh).secret.expiresAt;
    await firstUse.flush();
    assert.equal(find(ended.old).secret.revokedAt, clock.now());
    assert.equal(find(third).secret.firstUsedAt, null);
    assert.equal(find(again.fresh).secret.expiresAt, before, 'its grace waits for the third');
  });

  it('is written when the services are closed', async () => {
    const config = makeConfig();
    const own = await openControlServices(config, clock);
    const there = await createProject(own, 'Closing', CLI_REQUESTER);
    const { key } = await createKey(own, there, { name: 'Test', type: 'server' }, CLI_GRANTOR);
    const { secret } = await rotateKey(own, there, key.id, {}, CLI_GRANTOR);
    const found = own.directory.findByMac(macOf(secret, own.pepper));
    assert.ok(found);
    own.firstUse.record(found);
    await own.close();
    const reopened = await openControlServices(config, clock);
    assert.equal(reopened.directory.findKey(key.id)?.secrets[0]?.firstUsedAt, clock.now());
    await reopened.close();
  });
});

describe('a forced rotation', () => {
  it('revokes the older secret if the newest was used just now, before that is written', async () => {
    const { id, old, fresh } = await makeRotated();
    const broken = { ...control, write: () => Promise.reject(new Error('disk full')) };
    const unwritten = createFirstUse({ ...services, control: broken });
    unwritten.record(find(fresh));
    const third = await rotate(id, true, { ...services, firstUse: unwritten });
    await unwritten.close();
    assert.equal(find(old).secret.revokedAt, clock.now());
    assert.equal(find(fresh).secret.revokedAt, null);
    assert.equal(find(third).secret.version, 3);
  });

  it('revokes the newest secret if it was never used', async () => {
    const { id, old, fresh } = await makeRotated();
    await rotate(id, true);
    assert.equal(find(old).secret.revokedAt, null);
    assert.equal(find(fresh).secret.revokedAt, clock.now());
  });
});
