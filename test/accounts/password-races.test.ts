import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import { findPersonId } from '../../src/accounts/account.ts';
import { totpCode } from '../../src/accounts/totp-code.ts';
import { renewSetupLink } from '../../src/members/set-up.ts';
import { DASHBOARD_ROUTES } from '../../src/routes.ts';
import { openBrowser, PASSWORD, setUp, signIn, stepUp } from '../support/browser.ts';
import { type Answer, initProject, makeConfig, stopBeforeRemoval } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';
import { enableTotp } from '../support/second-factor.ts';

const EMAIL = 'owner@example.com';
const NEW_PASSWORD = 'another long password';
const STEP_MS = 30_000;

const config = makeConfig();
await initProject(config);
const { url, services, stop } = await startOpenServer(config, undefined, undefined, DASHBOARD_ROUTES);
stopBeforeRemoval(config.dataDir, stop);
const owner = await setUp(url, `${url}/setup#${await renewSetupLink(services)}`);
const { db } = services.control;
const personId = (await findPersonId(db, EMAIL)) ?? assert.fail();
const { password: hasher, internalAdapter } = await (await services.people.auth()).$context;

const assertProblem = (answer: Answer, status: number, code: string) =>
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);
const listSessionIds = async () => {
  const rows = await db.selectFrom('sessions').select('id').where('person_id', '=', personId).execute();
  return rows.map(({ id }) => id);
};
async function startSignIn(password: string) {
  const browser = openBrowser(url);
  const answer = await browser.call('POST', '/app/v1/sign-in', { body: { email: EMAIL, password } });
  return { browser, answer };
}
async function changePassword(newPassword: string): Promise<void> {
  const body = { new_password: newPassword };
  const answer = await owner.call('POST', '/app/v1/account/password', { body });
  assert.equal(answer.status, 204, answer.text);
}

/** Runs `change` after the password was verified and before better-auth continues. */
function changeAfterVerify(change: () => Promise<unknown>): void {
  const verify = hasher.verify.bind(hasher);
  mock.method(hasher, 'verify', async (given: Parameters<typeof verify>[0]) => {
    const isRight = await verify(given);
    mock.restoreAll();
    await change();
    return isRight;
  });
}

/** Runs `change` just before or just after better-auth stores a session. */
function changeAroundSession(moment: 'before' | 'after', change: (id: string) => Promise<unknown>): void {
  const create = internalAdapter.createSession.bind(internalAdapter);
  mock.method(internalAdapter, 'createSession', async (...given: Parameters<typeof create>) => {
    mock.restoreAll();
    if (moment === 'before') await change('');
    const made = await create(...given);
    if (moment === 'after') await change(made.id);
    return made;
  });
}

await stepUp(owner);
afterEach(() => mock.restoreAll());

describe('a password change during a sign-in', () => {
  it('rejects a sign-in whose password changes after it was verified, and accepts the new one immediately', async () => {
    changeAfterVerify(() => changePassword(NEW_PASSWORD));
    const { browser, answer } = await startSignIn(PASSWORD);
    assertProblem(answer, 401, 'invalid_credentials');
    assert.equal(browser.cookie(), '');
    assert.equal((await listSessionIds()).length, 1, 'the one that changed it');
    assert.equal((await startSignIn(NEW_PASSWORD)).answer.status, 200);
    await changePassword(PASSWORD);
  });

  it('rejects a sign-in whose password changes while its session is stored', async () => {
    for (const moment of ['before', 'after'] as const) {
      changeAroundSession(moment, () => changePassword(NEW_PASSWORD));
      assertProblem((await startSignIn(PASSWORD)).answer, 401, 'invalid_credentials');
      assert.equal((await listSessionIds()).length, 1);
      await changePassword(PASSWORD);
    }
  });

  it('rejects a sign-in whose session is deleted before the response is sent', async () => {
    changeAroundSession('after', (id) => db.deleteFrom('sessions').where('id', '=', id).execute());
    assertProblem((await startSignIn(PASSWORD)).answer, 401, 'invalid_credentials');
  });

  it('accepts a sign-in while another one fails with a wrong password', async () => {
    const [right, wrong] = await Promise.all([startSignIn(PASSWORD), startSignIn(NEW_PASSWORD)]);
    assert.deepEqual([right.answer.status, wrong.answer.status], [200, 401]);
  });
});

describe('a password change while a sign-in waits for a code', () => {
  it('does not ask for a code if the password changes after it was verified', async () => {
    await enableTotp(await signIn(url, EMAIL), Date.now());
    changeAfterVerify(() => changePassword(NEW_PASSWORD));
    const { browser, answer } = await startSignIn(PASSWORD);
    assertProblem(answer, 401, 'invalid_credentials');
    assert.equal(browser.cookie(), '', 'no code can follow');
    await changePassword(PASSWORD);
  });

  it('rejects the code if the password changes while it is verified', async () => {
    await db.deleteFrom('two_factors').execute();
    await db.updateTable('people').set({ two_factor_enabled: 0 }).execute();
    const { secret } = await enableTotp(owner, Date.now());
    for (const moment of ['before', 'after'] as const) {
      await db.updateTable('two_factors').set({ last_step: 0 }).execute();
      const { browser, answer } = await startSignIn(PASSWORD);
      assert.deepEqual(answer.body, { totp_required: true });
      changeAroundSession(moment, () => changePassword(NEW_PASSWORD));
      const body = { code: totpCode(secret, Date.now() + STEP_MS) };
      const late = await browser.call('POST', '/app/v1/sign-in/totp', { body });
      assert.equal(late.status, 401, late.text);
      assert.equal((await listSessionIds()).length, 1);
      await changePassword(PASSWORD);
    }
  });
});
