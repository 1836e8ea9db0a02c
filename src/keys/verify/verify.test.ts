import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cleanUp } from '../../../test/support/clean-up.ts';
import { makeClock, makeConfig } from '../../../test/support/harness.ts';
import { CLI_REQUESTER } from '../../api/caller.ts';
import { NO_CALLER } from '../../control/control.ts';
import { createSecret, derivePepper } from '../../directory/secret.ts';
import { createProject } from '../../projects/create.ts';
import { openControlServices } from '../../server/open-services.ts';
import { type CreateKeyBody, createKey } from '../create.ts';
import { CLI_GRANTOR } from '../escalation.ts';
import { revokeKey } from '../revoke.ts';
import { verify } from './verify.ts';

const clock = makeClock();
const services = await openControlServices(makeConfig(), clock);
cleanUp(() => services.close());
const { directory, pepper, control } = services;
const project = await createProject(services, 'Verified', CLI_REQUESTER);

const make = (fields: Partial<CreateKeyBody> = {}) =>
  createKey(services, project, { name: 'Test', type: 'server', ...fields }, CLI_GRANTOR);

const check = (secret: string, now = clock.now()) => {
  const verdict = verify(secret, directory, pepper, now);
  return verdict.ok ? verdict : { ok: verdict.ok, refusal: verdict.refusal };
};
const refusal = (code: string, unknown = false) => ({ ok: false, refusal: { code, unknown } });

describe('a presented key', () => {
  it('is found with its secret while it is valid', async () => {
    const { key, secret } = await make();
    const verdict = check(secret);
    assert.ok(verdict.ok);
    assert.equal(verdict.found.key.id, key.id);
    assert.equal(verdict.found.secret.version, 1);
  });

  it('costs no lookup if its checksum is wrong', async () => {
    const { secret } = await make();
    const wrong = secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0');
    const untouched = { ...directory, findByMac: () => assert.fail('looked up') };
    assert.deepEqual(verify(wrong, untouched, pepper, clock.now()), refusal('invalid_api_key'));
    assert.throws(() => verify(secret, untouched, pepper, clock.now()), /looked up/);
  });

  it('counts as a failed guess only if it is well-formed and unknown', () => {
    assert.deepEqual(check(createSecret('server')), refusal('invalid_api_key', true));
    assert.deepEqual(check('sk_af1_short'), refusal('invalid_api_key', false));
  });

  it('is unknown under another pepper', async () => {
    const { secret } = await make();
    const verdict = verify(
      secret,
      directory,
      derivePepper('another secret, long enough to pass'),
      clock.now(),
    );
    assert.deepEqual(verdict, refusal('invalid_api_key', true));
  });

  it('is valid until the millisecond before expires_at and no longer', async () => {
    const end = clock.now() + 60_000;
    const { secret } = await make({ expires_at: new Date(end).toISOString() });
    assert.ok(check(secret, end - 1).ok);
    assert.deepEqual(check(secret, end), refusal('api_key_expired'));
    assert.deepEqual(check(secret, end + 1), refusal('api_key_expired'));
  });

  it('expires with the presented secret, to the millisecond, although the key is still valid', async () => {
    const { key, secret } = await make();
    const end = clock.now() + 60_000;
    await control.write(NO_CALLER, async ({ tx, revision }) => {
      await tx.updateTable('key_secrets').set({ expires_at: end }).where('key_id', '=', key.id).execute();
      await tx.updateTable('api_keys').set({ revision }).where('id', '=', key.id).execute();
    });
    await directory.refresh();
    assert.ok(check(secret, end - 1).ok);
    assert.deepEqual(check(secret, end), refusal('api_key_expired'));
  });

  it('is rejected while the key is disabled', async () => {
    const { secret } = await make({ disabled: true });
    assert.deepEqual(check(secret), refusal('api_key_disabled'));
  });

  it('names the strongest reason: revoked, then expired, then disabled', async () => {
    const end = clock.now() + 60_000;
    const { key, secret } = await make({ disabled: true, expires_at: new Date(end).toISOString() });
    assert.deepEqual(check(secret, end), refusal('api_key_expired'));
    await revokeKey(services, key, 'leaked', CLI_REQUESTER);
    assert.deepEqual(check(secret, end), refusal('api_key_revoked'));
    assert.deepEqual(check(secret, end - 1), refusal('api_key_revoked'));
  });
});
