import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { cleanUp } from '../../test/support/clean-up.ts';
import { makeClock, makeConfig } from '../../test/support/harness.ts';
import { CLI_REQUESTER, type Requester } from '../api/caller.ts';
import { ApiError } from '../api/errors.ts';
import type { Control } from '../control/control.ts';
import type { ApiKey } from '../directory/key.ts';
import { StorageError } from '../lib/errors.ts';
import { openLog } from '../lib/log.ts';
import { createProject } from '../projects/create.ts';
import { openControlServices } from '../server/open-services.ts';
import { createKey } from './create.ts';
import { CLI_GRANTOR } from './escalation.ts';
import { restoreKey } from './restore.ts';
import { createUnstoredRevocations } from './unstored-revocations.ts';
import { updateOrDisableKey, withdrawKey } from './withdraw.ts';

const clock = makeClock();
const opened = await openControlServices(makeConfig(), clock);
cleanUp(() => opened.close());
const project = await createProject(opened, 'Unstored', CLI_REQUESTER);
const { directory } = opened;

let isAway = false;
const control: Control = {
  ...opened.control,
  write: async (...input) => {
    if (isAway) throw new StorageError('unavailable', 'The control database does not answer');
    return opened.control.write(...input);
  },
};
const lines: string[] = [];
const log = openLog('info', (text) => text, { write: (line) => lines.push(line) });
const unstored = createUnstoredRevocations({ control, directory, log });
const services = { ...opened, control, unstored };

beforeEach(() => {
  isAway = false;
  lines.length = 0;
});

const make = async () =>
  (await createKey(opened, project, { name: 'Test', type: 'server' }, CLI_GRANTOR)).key;
const find = (id: string): ApiKey => directory.findKey(id) ?? assert.fail('it is there');

const revoke = (key: ApiKey, reason: 'other' | 'leaked' = 'other', by: Requester = CLI_REQUESTER) =>
  withdrawKey(services, key, reason, by);

async function listEntries(keyId: string) {
  const { db } = opened.control;
  return db.selectFrom('audit_log').selectAll().where('target', '=', keyId).orderBy('seq').execute();
}

async function assertNotStored(attempt: Promise<unknown>): Promise<void> {
  await assert.rejects(attempt, (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.status, error.code], [503, 'revocation_not_stored']);
    assert.match(error.message, /refuses the key from now on.*restart would accept the key again/);
    return true;
  });
}

describe('a revocation that cannot be stored', () => {
  it('refuses the key from that moment on, and is stored later with its reason, actor and time', async () => {
    const key = await make();
    isAway = true;
    const actor = { type: 'key', id: 'key_caller', ip: '192.0.2.1', requestId: 'req_1' } as const;
    const by = { actor, recheck: async () => assert.fail('the caller was checked when it was accepted') };
    const revokedAt = clock.now();
    await assertNotStored(revoke(key, 'leaked', by));
    assert.equal(find(key.id).revokedAt, revokedAt);
    assert.match(unstored.findProblem() ?? '', /^1 revocation is not stored yet/);
    clock.advance(5_000);
    isAway = false;
    await unstored.flush();
    assert.equal(unstored.findProblem(), undefined);
    const { revokedAt: at, revokedBy, revokedReason } = find(key.id);
    assert.deepEqual([at, revokedBy, revokedReason], [revokedAt, 'key_caller', 'leaked']);
    const [entry, ...others] = (await listEntries(key.id)).filter(
      ({ action }) => action === 'api_key.revoked',
    );
    assert.deepEqual(others, []);
    assert.deepEqual(
      [entry?.at, entry?.actor_id, entry?.ip, entry?.request_id],
      [revokedAt, 'key_caller', '192.0.2.1', 'req_1'],
    );
  });

  it('stays in effect while the database says otherwise', async () => {
    const key = await make();
    isAway = true;
    await assertNotStored(revoke(key));
    // Another process changes the key, which is loaded again.
    await opened.control.write(CLI_REQUESTER.recheck, ({ tx, revision }) =>
      tx.updateTable('api_keys').set({ name: 'Renamed', revision }).where('id', '=', key.id).execute(),
    );
    await directory.refresh();
    assert.equal(find(key.id).name, 'Renamed');
    assert.notEqual(find(key.id).revokedAt, null);
    for (const secret of find(key.id).secrets)
      assert.notEqual(directory.findByMac(secret.mac)?.key.revokedAt, null);
    isAway = false;
    await unstored.flush();
  });

  it('is stored once when its caller repeats it, and a later restore is not undone', async () => {
    const key = await make();
    isAway = true;
    for (let times = 0; times < 100; times += 1) await assertNotStored(revoke(key));
    assert.equal(unstored.count(), 1, 'one per change, however often it is asked for');
    isAway = false;
    await revoke(key);
    assert.equal(unstored.count(), 0);
    assert.match(lines.join(''), /a revocation is stored now/);
    await restoreKey(services, project, key.id, CLI_GRANTOR);
    await unstored.flush();
    assert.equal(find(key.id).revokedAt, null);
    const actions = (await listEntries(key.id)).map(({ action }) => action);
    assert.deepEqual(actions, ['api_key.created', 'api_key.revoked', 'api_key.restored']);
  });

  it('is stored as leaked too if a leak is reported while it waits', async () => {
    const key = await make();
    isAway = true;
    await assertNotStored(revoke(key));
    await assertNotStored(revoke(key, 'leaked'));
    isAway = false;
    await unstored.flush();
    assert.equal(find(key.id).revokedReason, 'other');
    assert.notEqual(find(key.id).leakReportedAt, null);
  });

  it('applies to disabling a key, and to nothing else that is changed', async () => {
    const key = await make();
    isAway = true;
    const change = (body: { disabled?: boolean; name?: string }) =>
      updateOrDisableKey(services, project, { keyId: key.id, body }, CLI_GRANTOR);
    await assert.rejects(change({ name: 'Other' }), StorageError);
    await assertNotStored(change({ disabled: true }));
    await assertNotStored(change({ disabled: true }));
    assert.equal(find(key.id).disabled, true);
    isAway = false;
    await unstored.flush();
    assert.equal(find(key.id).disabled, true);
    const actions = (await listEntries(key.id)).map(({ action }) => action);
    assert.deepEqual(actions, ['api_key.created', 'api_key.disabled']);
  });

  it('leaves the key alone if the caller may not revoke it', async () => {
    const key = await make();
    const recheck = () => Promise.reject(new ApiError('insufficient_scope'));
    await assert.rejects(revoke(key, 'other', { ...CLI_REQUESTER, recheck }), { code: 'insufficient_scope' });
    assert.equal(find(key.id).revokedAt, null);
    assert.equal(unstored.count(), 0);
  });

  it('is stored although one before it cannot be, for a reason of its own', async () => {
    const [first, second] = [await make(), await make()];
    const own = createUnstoredRevocations({ control, directory, log });
    const refusal = { disabled: true };
    let reason = 'of its own';
    const store = () => Promise.reject(new Error(reason));
    isAway = true;
    const unavailable = () => Promise.reject(new StorageError('unavailable', 'The disk is full'));
    await assertNotStored(own.enforce({ keyId: first.id, name: 'broken', refusal, store }, unavailable));
    await assertNotStored(withdrawKey({ ...services, unstored: own }, second, 'other', CLI_REQUESTER));
    isAway = false;
    await assert.rejects(own.flush(), { message: 'of its own' });
    assert.equal(own.count(), 1);
    const failures = () => lines.filter((line) => /"level":50,.*still cannot be stored/.test(line)).length;
    assert.equal(failures(), 1, 'an error, because it may last for ever');
    await assert.rejects(own.flush());
    assert.equal(failures(), 1, 'once per reason');
    reason = 'another one';
    await assert.rejects(own.flush());
    assert.equal(failures(), 2);
    await own.close();
    assert.equal((await listEntries(second.id)).at(-1)?.action, 'api_key.revoked');
  });

  it('counts as stored from then on, even if the directory cannot load it yet', async () => {
    const key = await make();
    let isUnreadable = true;
    const refresh = async () => {
      if (isUnreadable) throw new StorageError('unavailable', 'The control database cannot be read');
      await directory.refresh();
    };
    const own = createUnstoredRevocations({ control, directory: { ...directory, refresh }, log });
    isAway = true;
    await assertNotStored(withdrawKey({ ...services, unstored: own }, key, 'other', CLI_REQUESTER));
    isAway = false;
    await assert.rejects(own.flush(), { message: 'The control database cannot be read' });
    assert.match(lines.join(''), /a revocation is stored now/);
    assert.match(lines.join(''), /is stored, but cannot be loaded yet: this process refuses the key/);
    assert.doesNotMatch(lines.join(''), /still cannot be stored/);
    assert.deepEqual([own.count(), own.findProblem()], [0, undefined]);
    assert.notEqual(find(key.id).revokedAt, null);
    isUnreadable = false;
    await own.flush();
    assert.equal(lines.filter((line) => line.includes('a revocation is stored now')).length, 1);
    await own.close();
    assert.doesNotMatch(lines.join(''), /"level":60/);
    assert.equal((await listEntries(key.id)).filter(({ action }) => action === 'api_key.revoked').length, 1);
  });

  it('is logged when it is refused, when it is stored, and when a stop loses it', async () => {
    const [stored, lost] = [await make(), await make()];
    isAway = true;
    await assertNotStored(revoke(stored));
    assert.match(lines.join(''), /could not be stored: this process refuses the key/);
    isAway = false;
    await unstored.flush();
    assert.match(lines.join(''), /a revocation is stored now/);
    isAway = true;
    const stopping = createUnstoredRevocations({ control, directory, log });
    await assertNotStored(withdrawKey({ ...services, unstored: stopping }, lost, 'other', CLI_REQUESTER));
    stopping.noteStop();
    assert.match(lines.join(''), /the server stops while a revocation is not stored/);
    await stopping.close();
    assert.match(lines.join(''), /"level":60,[^\n]*was not stored and is lost: revoke the key again/);
  });
});
cleanUp(() => unstored.close());
