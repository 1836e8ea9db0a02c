import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { sql } from 'kysely';
import { createResetLink, type ResetPurpose } from '../../src/accounts/reset-password.ts';
import { totpCode } from '../../src/accounts/totp-code.ts';
import { CLI_REQUESTER } from '../../src/api/caller.ts';
import { HOUR_MS } from '../../src/lib/durations.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { openBrowser, PASSWORD, setUp, signIn } from '../support/browser.ts';
import { cleanUp } from '../support/clean-up.ts';
import { type Answer, makeClock, startTestServer } from '../support/harness.ts';
import { enableTotp } from '../support/second-factor.ts';

const EMAIL = 'owner@example.com';
const NEW_PASSWORD = 'another long password';

const clock = makeClock();
const api = await startTestServer({}, { clock });
const owner = await setUp(api.url, api.server.setupUrl);
const services = await openControlServices(api.config, clock);
cleanUp(() => services.close());
const { db } = services.control;

const assertProblem = (answer: Answer, status: number, code: string) =>
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);
const makeLink = (purpose: ResetPurpose, email = EMAIL) =>
  createResetLink(services, email, purpose, CLI_REQUESTER);
const reset = (token: string | undefined, password = PASSWORD) =>
  openBrowser(api.url).call('POST', '/app/v1/reset', { body: { token, password } });
const countSessions = async () => (await db.selectFrom('sessions').select('id').execute()).length;

/** Starts a sign-in in a new browser. */
async function startSignIn(password = PASSWORD) {
  const browser = openBrowser(api.url);
  const answer = await browser.call('POST', '/app/v1/sign-in', { body: { email: EMAIL, password } });
  return { browser, answer };
}

describe('reset links', () => {
  it('sets a new password once, within an hour, and ends every session', async () => {
    await signIn(api.url, EMAIL);
    const start = clock.now();
    const voided = await makeLink('reset_without_totp');
    const token = await makeLink('reset', ' OWNER@example.com');
    assertProblem(await reset(voided), 404, 'not_found');
    assertProblem(await reset(token, 'short'), 422, 'validation_failed');
    clock.set(start + HOUR_MS);
    assertProblem(await reset(token), 404, 'not_found');
    clock.set(start + HOUR_MS - 1);
    assert.equal((await reset(token)).status, 204);
    assertProblem(await reset(token), 404, 'not_found');
    clock.set(start);
    assert.equal(await countSessions(), 0);
    assertProblem(await owner.call('GET', '/app/v1/session'), 401, 'not_signed_in');
    await signIn(api.url, EMAIL);
  });

  it('accepts one of five concurrent uses of a reset link', async () => {
    const token = await makeLink('reset_without_totp');
    const answers = await Promise.all(Array.from({ length: 5 }, () => reset(token)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [204, 404, 404, 404, 404]);
  });

  it('creates no reset link for an unknown account', async () => {
    assert.equal(await makeLink('reset', 'nobody@example.com'), undefined);
  });
});

describe('reset links of an account with a second factor', () => {
  let secret = '';
  // The code of the current 30 seconds was already used to turn the second factor on.
  const code = () => totpCode(secret, Date.now() + 30_000);

  beforeEach(async () => {
    await db.deleteFrom('two_factors').execute();
    await db.updateTable('people').set({ two_factor_enabled: 0 }).execute();
    clock.set(Date.now());
    ({ secret } = await enableTotp(await signIn(api.url, EMAIL), clock.now()));
  });

  it('keeps the second factor on after a password reset', async () => {
    assert.equal((await reset(await makeLink('reset'))).status, 204);
    const { browser, answer } = await startSignIn();
    assert.deepEqual(answer.body, { totp_required: true });
    const signedIn = await browser.call('POST', '/app/v1/sign-in/totp', { body: { code: code() } });
    assert.equal(signedIn.body.user?.has_totp, true, signedIn.text);
  });

  it('ends a sign-in that was waiting for a code when the password was reset', async () => {
    const { browser, answer } = await startSignIn();
    assert.deepEqual(answer.body, { totp_required: true });
    assert.equal((await reset(await makeLink('reset'))).status, 204);
    const late = await browser.call('POST', '/app/v1/sign-in/totp', { body: { code: code() } });
    assertProblem(late, 401, 'not_signed_in');
  });

  it('turns the second factor off with a reset link made for it, and records it in the audit log', async () => {
    const token = await makeLink('reset_without_totp');
    assert.deepEqual((await startSignIn()).answer.body, { totp_required: true }, 'not before it is used');
    assert.equal((await reset(token, NEW_PASSWORD)).status, 204);
    assert.deepEqual(await db.selectFrom('two_factors').select('id').execute(), []);
    assert.equal(await countSessions(), 0);
    const { browser, answer } = await startSignIn(NEW_PASSWORD);
    assert.equal(answer.body.user?.has_totp, false, answer.text);
    // The log is in the order of time, and an earlier test set the clock ahead.
    const to = encodeURIComponent(new Date(clock.now() + 1).toISOString());
    const { body: log } = await browser.call(
      'GET',
      `/app/v1/projects/${api.project.project_id}/audit-log?limit=4&to=${to}`,
    );
    type Entry = { action: string; actor: { type: string }; diff?: unknown };
    const recorded = log.data.map(({ action, actor, diff }: Entry) => [action, actor.type, diff ?? null]);
    assert.deepEqual(recorded, [
      ['session.started', 'member', null],
      ['account.totp_disabled', 'member', null],
      ['account.password_reset', 'member', null],
      ['account.reset_link_created', 'cli', { purpose: [null, 'reset_without_totp'] }],
    ]);
    await reset(await makeLink('reset'));
  });

  it('resets the password and the second factor together or not at all', async () => {
    const token = await makeLink('reset_without_totp');
    const sessions = await countSessions();
    const forbid = sql`create trigger no_delete before delete on two_factors begin select raise(abort, 'not now'); end`;
    await forbid.execute(db);
    try {
      assert.ok((await reset(token, NEW_PASSWORD)).status >= 500);
    } finally {
      await sql`drop trigger no_delete`.execute(db);
    }
    assert.equal(await countSessions(), sessions);
    assertProblem((await startSignIn(NEW_PASSWORD)).answer, 401, 'invalid_credentials');
    assert.deepEqual((await startSignIn()).answer.body, { totp_required: true });
    assert.equal((await reset(token)).status, 204, 'and the link works still');
  });
});
