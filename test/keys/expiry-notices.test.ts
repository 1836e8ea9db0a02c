import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { CLI_REQUESTER } from '../../src/api/caller.ts';
import { NO_CALLER } from '../../src/control/open.ts';
import {
  EXPIRING_KEYS,
  type ExpiryNotice,
  sendExpiryNotices,
  startExpiryNotices,
} from '../../src/keys/expiry-notices.ts';
import { createProject } from '../../src/projects/create.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { makeClock, makeConfig } from '../support/harness.ts';

const DAY_MS = 86_400_000;
const clock = makeClock();
const config = makeConfig();
const services = await openControlServices(config, clock);
const beside = await openControlServices(config, clock);
after(async () => {
  await services.close();
  await beside.close();
});
const project = await createProject(services, 'Expiring', CLI_REQUESTER);
const heard: ExpiryNotice[] = [];
EXPIRING_KEYS.subscribe((message) => heard.push(message as ExpiryNotice));

/** Puts a key into the directory that lives `days` more. */
async function addKey(id: string, days: number | null, createdDaysAgo = 100): Promise<void> {
  await services.control.write(NO_CALLER, async ({ tx, revision }) => {
    await tx
      .insertInto('api_keys')
      .values({
        id,
        project_id: project.id,
        type: 'server',
        name: id,
        expires_at: days === null ? null : clock.now() + days * DAY_MS,
        ip_allowlist: '[]',
        allowed_origins: '[]',
        bundle_ids: '[]',
        metadata: '{}',
        disabled: 0,
        created_at: clock.now() - createdDaysAgo * DAY_MS,
        created_by: 'cli',
        revision,
      })
      .execute();
  });
  await services.directory.refresh();
  await beside.directory.refresh();
}

const give = async (who = services) =>
  (await sendExpiryNotices(who)).map(({ keyId, days }) => `${keyId} ${days}`);

describe('a key that nears its end', () => {
  it('is told of at 30, 7 and 1 days, each once', async () => {
    await addKey('key_a', 31);
    assert.deepEqual(await give(), []);
    clock.advance(DAY_MS);
    assert.deepEqual(await give(), ['key_a 30']);
    const stamp = beside.control.changeStamp();
    assert.deepEqual(await give(), [], 'not twice');
    assert.equal(beside.control.changeStamp(), stamp, 'an hour with nothing new writes nothing');
    clock.advance(22 * DAY_MS);
    assert.deepEqual(await give(), []);
    clock.advance(DAY_MS);
    assert.deepEqual(await give(), ['key_a 7']);
    clock.advance(6 * DAY_MS - 1);
    assert.deepEqual(await give(), []);
    clock.advance(1);
    assert.deepEqual(await give(), ['key_a 1']);
    clock.advance(DAY_MS);
    assert.deepEqual(await give(), [], 'nothing once it has expired');
    assert.deepEqual(
      heard.map(({ keyId, days }) => `${keyId} ${days}`),
      ['key_a 30', 'key_a 7', 'key_a 1'],
    );
  });

  it('is told of once by two processes that look at the same time', async () => {
    await addKey('key_b', 6);
    const told = await Promise.all([give(services), give(beside), give(services), give(beside)]);
    assert.deepEqual(told.flat(), ['key_b 7']);
    const restarted = await openControlServices(config, clock);
    assert.deepEqual(await give(restarted), []);
    await restarted.close();
  });

  it('is told of again when its end was moved', async () => {
    await addKey('key_c', 5);
    assert.deepEqual(await give(), ['key_c 7']);
    await services.control.write(NO_CALLER, async ({ tx, revision }) => {
      await tx
        .updateTable('api_keys')
        .set({ expires_at: clock.now() + 6 * DAY_MS, revision })
        .where('id', '=', 'key_c')
        .execute();
    });
    await services.directory.refresh();
    assert.deepEqual(await give(), ['key_c 7']);
  });

  it('is not told of when it was made to live short, has no end, or is revoked', async () => {
    await addKey('key_short', 5, 0);
    await addKey('key_forever', null);
    await addKey('key_revoked', 6);
    await services.control.write(NO_CALLER, async ({ tx, revision }) => {
      await tx
        .updateTable('api_keys')
        .set({ revoked_at: clock.now(), revision })
        .where('id', '=', 'key_revoked')
        .execute();
    });
    await services.directory.refresh();
    assert.deepEqual(await give(), []);
    clock.advance(4 * DAY_MS);
    assert.ok((await give()).includes('key_short 1'), 'one day before is told of all the same');
  });

  it('is looked for at the start and every hour', async (context) => {
    await addKey('key_d', 6);
    heard.length = 0;
    context.mock.timers.enable({ apis: ['setInterval'] });
    const stop = startExpiryNotices(services);
    await stop();
    assert.ok(heard.some(({ keyId }) => keyId === 'key_d'));
    const stopAgain = startExpiryNotices(services);
    await addKey('key_e', 6);
    heard.length = 0;
    context.mock.timers.tick(3_600_000);
    await stopAgain();
    assert.ok(heard.some(({ keyId }) => keyId === 'key_e'));
  });
});
