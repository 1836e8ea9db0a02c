import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { makeClock, makeConfig } from '../../test/harness.ts';
import { openControlServices } from '../open-services.ts';
import { createProject } from '../projects/create.ts';
import { CLI_ACTOR } from './actor.ts';
import { createKey } from './create.ts';
import type { FoundKey } from './directory.ts';
import { noteFirstUse } from './first-use.ts';
import { CLI_MAKER } from './maker.ts';
import { rotateKey } from './rotate.ts';
import { macOf } from './secret.ts';

const clock = makeClock();
const services = await openControlServices(makeConfig(), clock);
after(() => services.close());
const { directory, pepper, control } = services;
const project = await createProject(services, 'First use', CLI_ACTOR);

function find(secret: string): FoundKey {
  const found = directory.findByMac(macOf(secret, pepper));
  assert.ok(found);
  return found;
}

async function makeRotated() {
  const made = await createKey(services, project, { name: 'Test', type: 'server' }, CLI_MAKER);
  const body = { grace_seconds: 60, grace_from: 'first_use' } as const;
  return {
    old: made.secret,
    fresh: (await rotateKey(services, project, made.key.id, body, CLI_MAKER)).secret,
  };
}

describe('the first use of a new secret', () => {
  it('is written once, however stale the look that noticed it', async () => {
    const { old, fresh } = await makeRotated();
    const stale = find(fresh);
    const seenAt = clock.now();
    await noteFirstUse(services, stale);
    clock.advance(10_000);
    await noteFirstUse(services, stale);
    assert.equal(find(fresh).secret.firstUsedAt, seenAt);
    assert.equal(find(old).secret.expiresAt, seenAt + 60_000);
  });

  it('costs nothing afterwards, for the former secret, and for keys never rotated', async () => {
    const { old, fresh } = await makeRotated();
    await noteFirstUse(services, find(fresh));
    const { secret } = await createKey(services, project, { name: 'Test', type: 'server' }, CLI_MAKER);
    const before = control.countStatements();
    for (const one of [fresh, old, secret]) assert.equal(noteFirstUse(services, find(one)), undefined);
    assert.equal(control.countStatements(), before);
  });

  it('is noted by the next request when the note was lost, and no request is refused for it', async () => {
    const { fresh } = await makeRotated();
    const broken = { ...control, write: () => Promise.reject(new Error('disk full')) };
    await noteFirstUse({ ...services, control: broken }, find(fresh));
    assert.equal(find(fresh).secret.firstUsedAt, null);
    await noteFirstUse(services, find(fresh));
    assert.equal(find(fresh).secret.firstUsedAt, clock.now());
  });
});
