import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLI_REQUESTER } from '../../src/api/caller.ts';
import { NO_CALLER } from '../../src/control/control.ts';
import {
  EXPIRING_KEYS,
  type ExpiryNotice,
  sendExpiryNotices,
  startExpiryNotices,
} from '../../src/keys/expiry-notices.ts';
import { DAY_MS } from '../../src/lib/durations.ts';
import { createProject } from '../../src/projects/create.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeClock, makeConfig } from '../support/harness.ts';

const clock = makeClock();
const config = makeConfig();
const services = await openControlServices(config, clock);
const otherProcess = await openControlServices(config, clock);
cleanUp(async () => {
  await services.close();
  await otherProcess.close();
});
const project = await createProject(services, 'Expiring', CLI_REQUESTER);
const published: ExpiryNotice[] = [];
EXPIRING_KEYS.subscribe((message) => published.push(message as ExpiryNotice));

/** Adds a key to the directory that expires in `days` days. */
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
  await otherProcess.directory.refresh();
}

const sendNotices = async (who = services) =>
  (await sendExpiryNotices(who)).map(({ keyId, days }) => `${keyId} ${days}`);

describe('expiry notices', () => {
  it('sends one notice each at 30, 7 and 1 days before a key expires', async () => {
    await addKey('key_a', 31);
    assert.deepEqual(await sendNotices(), []);
    clock.advance(DAY_MS);
    assert.deepEqual(await sendNotices(), ['key_a 30']);
    const stamp = otherProcess.control.changeStamp();
    assert.deepEqual(await sendNotices(), [], 'not twice');
    assert.equal(otherProcess.control.changeStamp(), stamp, 'an hour with nothing new writes nothing');
    clock.advance(22 * DAY_MS);
    assert.deepEqual(await sendNotices(), []);
    clock.advance(DAY_MS);
    assert.deepEqual(await sendNotices(), ['key_a 7']);
    clock.advance(6 * DAY_MS - 1);
    assert.deepEqual(await sendNotices(), []);
    clock.advance(1);
    assert.deepEqual(await sendNotices(), ['key_a 1']);
    clock.advance(DAY_MS);
    assert.deepEqual(await sendNotices(), [], 'nothing once it has expired');
    assert.deepEqual(
      published.map(({ keyId, days }) => `${keyId} ${days}`),
      ['key_a 30', 'key_a 7', 'key_a 1'],
    );
  });

  it('sends one notice if two processes check at the same time', async () => {
    await addKey('key_b', 6);
    const sent = await Promise.all([
      sendNotices(services),
      sendNotices(otherProcess),
      sendNotices(services),
      sendNotices(otherProcess),
    ]);
    assert.deepEqual(sent.flat(), ['key_b 7']);
    const restarted = await openControlServices(config, clock);
    assert.deepEqual(await sendNotices(restarted), []);
    await restarted.close();
  });

  it('sends the notice again after the expiry of a key changes', async () => {
    await addKey('key_c', 5);
    assert.deepEqual(await sendNotices(), ['key_c 7']);
    await services.control.write(NO_CALLER, async ({ tx, revision }) => {
      await tx
        .updateTable('api_keys')
        .set({ expires_at: clock.now() + 6 * DAY_MS, revision })
        .where('id', '=', 'key_c')
        .execute();
    });
    await services.directory.refresh();
    assert.deepEqual(await sendNotices(), ['key_c 7']);
  });

  it('sends no notice for keys without expiry, revoked keys, or keys created shortly before the threshold', async () => {
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
    assert.deepEqual(await sendNotices(), []);
    clock.advance(4 * DAY_MS);
    assert.ok((await sendNotices()).includes('key_short 1'), 'the notice one day before is still sent');
  });

  it('sends no notice for the keys of a deleted project until it is restored', async () => {
    await addKey('key_waiting', 6);
    const setDeletedAt = async (deleted_at: number | null) => {
      await services.control.write(NO_CALLER, async ({ tx, revision }) => {
        await tx.updateTable('projects').set({ deleted_at, revision }).where('id', '=', project.id).execute();
      });
      await services.directory.refresh();
    };
    await setDeletedAt(clock.now());
    assert.deepEqual(await sendNotices(), []);
    await setDeletedAt(null);
    assert.deepEqual(await sendNotices(), ['key_waiting 7']);
  });

  it('checks for expiring keys at startup and every hour', async (context) => {
    await addKey('key_d', 6);
    published.length = 0;
    context.mock.timers.enable({ apis: ['setInterval'] });
    const stop = startExpiryNotices(services);
    await stop();
    assert.ok(published.some(({ keyId }) => keyId === 'key_d'));
    const stopAgain = startExpiryNotices(services);
    await addKey('key_e', 6);
    published.length = 0;
    context.mock.timers.tick(3_600_000);
    await stopAgain();
    assert.ok(published.some(({ keyId }) => keyId === 'key_e'));
  });
});
