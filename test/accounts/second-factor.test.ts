import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { totpCode } from '../../src/accounts/totp-code.ts';
import { HOUR_MS } from '../../src/lib/durations.ts';
import { type Browser, openBrowser, PASSWORD, setUp, signIn, stepUp, tokenOf } from '../support/browser.ts';
import { type Answer, initProject, makeClock, startTestServer } from '../support/harness.ts';
import { fromBase32 } from '../support/second-factor.ts';

const STEP_MS = 30_000;
const RETRY_SECONDS = 90;
const EMAIL = 'owner@example.com';

// better-auth checks codes against the system clock, so these tests mock it.
mock.timers.enable({ apis: ['Date'], now: Date.now() });
const clock = makeClock();
const nowUs = () => Date.now() * 1_000;
const api = await startTestServer({ TRUSTED_PROXIES: '127.0.0.0/8' }, { clock, nowUs });
const other = await initProject(api.config);
await setUp(api.url, api.server.setupUrl);

const assertProblem = (answer: Answer, status: number, code: string) =>
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);

let secret = '';
let backupCodes: string[] = [];

function advance(ms: number): void {
  mock.timers.tick(ms);
  clock.set(Date.now());
}
/** Returns a code that is newer than all used codes. */
function nextCode(): string {
  advance(STEP_MS);
  return totpCode(secret, Date.now());
}
const wrongCode = () => String((Number(totpCode(secret, Date.now())) + 500_000) % 1_000_000).padStart(6, '0');

/** Starts a sign-in in a new browser. */
async function startSignIn(headers: Record<string, string> = {}) {
  const browser = openBrowser(api.url, headers);
  const body = { email: EMAIL, password: PASSWORD };
  const answer = await browser.call('POST', '/app/v1/sign-in', { body });
  assert.deepEqual([answer.status, answer.body], [200, { totp_required: true }]);
  return browser;
}
const submitCode = (browser: Browser, code: string) =>
  browser.call('POST', '/app/v1/sign-in/totp', { body: { code } });

describe('the second factor', () => {
  it('requires a valid code before the second factor is turned on', async () => {
    const browser = await signIn(api.url, EMAIL);
    await stepUp(browser);
    const { body } = await browser.call('POST', '/app/v1/account/totp', { body: {} });
    assert.ok(body.uri.startsWith('otpauth://totp/Appflow:owner%40example.com?secret='));
    assert.equal(body.backup_codes.length, 10);
    secret = fromBase32(body.secret);
    backupCodes = body.backup_codes;
    const confirm = (code: string) =>
      browser.call('POST', '/app/v1/account/totp/confirm', { body: { code } });
    assertProblem(await confirm(wrongCode()), 422, 'validation_failed');
    const notYet = await signIn(api.url, EMAIL);
    assert.ok(notYet.cookie().startsWith('appflow_session='), 'not yet asked for');
    assert.equal((await confirm(totpCode(secret, clock.now()))).status, 204);
    assert.equal((await browser.call('GET', '/app/v1/session')).body.user.has_totp, true);
    const again = await browser.call('POST', '/app/v1/account/totp', { body: {} });
    assertProblem(again, 409, 'conflict');
  });

  it('accepts each code once, including the one that turned the factor on, and no code older than the last one used', async () => {
    assertProblem(
      await submitCode(await startSignIn(), totpCode(secret, Date.now())),
      401,
      'invalid_credentials',
    );
    const code = nextCode();
    assert.equal((await submitCode(await startSignIn(), code)).status, 200);
    assertProblem(await submitCode(await startSignIn(), code), 401, 'invalid_credentials');
    const [late, early] = [totpCode(secret, Date.now()), totpCode(secret, Date.now() + STEP_MS)];
    assert.equal((await submitCode(await startSignIn(), early)).status, 200);
    assertProblem(await submitCode(await startSignIn(), late), 401, 'invalid_credentials');
    advance(STEP_MS);
  });

  it('accepts one of five concurrent uses of the same code', async () => {
    const browsers = await Promise.all(Array.from({ length: 5 }, () => startSignIn()));
    const code = nextCode();
    const answers = await Promise.all(browsers.map((browser) => submitCode(browser, code)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401, 401, 401]);
    const sessions = browsers.map((browser) => browser.call('GET', '/app/v1/session'));
    const statuses = (await Promise.all(sessions)).map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [200, 401, 401, 401, 401]);
  });

  it('asks for a code after the password, which alone grants no access', async () => {
    const browser = await startSignIn();
    assertProblem(await browser.call('GET', '/app/v1/session'), 401, 'not_signed_in');
    assertProblem(await submitCode(browser, wrongCode()), 401, 'invalid_credentials');
    const answer = await submitCode(browser, nextCode());
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await browser.call('GET', '/app/v1/session')).status, 200);
  });

  it('rejects a code without the password first', async () => {
    assertProblem(await submitCode(openBrowser(api.url), nextCode()), 401, 'not_signed_in');
    for (const forged of ['%', 'x', '2fa-unknown.x']) {
      const browser = openBrowser(api.url, { cookie: `appflow_two_factor=${forged}` });
      assertProblem(await submitCode(browser, nextCode()), 401, 'not_signed_in');
    }
  });

  it('accepts each backup code once', async () => {
    const [code = ''] = backupCodes;
    assert.equal((await submitCode(await startSignIn(), code)).status, 200);
    assertProblem(await submitCode(await startSignIn(), code), 401, 'invalid_credentials');
    assert.equal((await submitCode(await startSignIn(), nextCode())).status, 200);
  });

  it('leaves exactly one session per completed sign-in in the list, and none for a missing or wrong code', async () => {
    const viewer = await startSignIn();
    assert.equal((await submitCode(viewer, nextCode())).status, 200);
    const count = async () => (await viewer.call('GET', '/app/v1/sessions')).body.data.length as number;
    const before = await count();
    const pending = await startSignIn();
    assert.equal(await count(), before, 'after the password alone');
    assertProblem(await submitCode(pending, wrongCode()), 401, 'invalid_credentials');
    assert.equal(await count(), before, 'after a wrong code');
    const used = nextCode();
    assert.equal((await submitCode(pending, used)).status, 200);
    assert.equal(await count(), before + 1, 'after a right code');
    assertProblem(await submitCode(await startSignIn(), used), 401, 'invalid_credentials');
    assert.equal(await count(), before + 1, 'after a used code');
    assert.equal((await submitCode(await startSignIn(), backupCodes[1] ?? '')).status, 200);
    assert.equal(await count(), before + 2, 'after a backup code');
    assert.equal((await pending.call('POST', '/app/v1/sign-out')).status, 204);
    assert.equal(await count(), before + 1, 'after signing out');
  });

  it('requires a code beside the password for sensitive changes, each code once', async () => {
    const browser = await startSignIn();
    const used = nextCode();
    assert.equal((await submitCode(browser, used)).status, 200);
    const confirm = (body: object) => browser.call('POST', '/app/v1/step-up', { body });
    const remove = () => browser.call('DELETE', '/app/v1/account/totp');
    const missing = await confirm({ password: PASSWORD });
    assertProblem(missing, 422, 'validation_failed');
    assert.deepEqual([missing.body.errors[0].field, missing.body.errors[0].code], ['code', 'required']);
    for (const code of [wrongCode(), used, 'abcde-fghij', backupCodes[0]])
      assertProblem(await confirm({ password: PASSWORD, code }), 401, 'invalid_credentials');
    assertProblem(
      await confirm({ password: 'wrong password 1', code: nextCode() }),
      401,
      'invalid_credentials',
    );
    assertProblem(await remove(), 403, 'step_up_required');
    const code = nextCode();
    assert.equal((await confirm({ password: PASSWORD, code })).status, 200);
    assertProblem(await confirm({ password: PASSWORD, code }), 401, 'invalid_credentials');
    const backup = { password: PASSWORD, code: ` ${backupCodes[2]} ` };
    assert.equal((await confirm(backup)).status, 200);
    assertProblem(await confirm(backup), 401, 'invalid_credentials');
    assertProblem(await submitCode(await startSignIn(), backupCodes[2] ?? ''), 401, 'invalid_credentials');
    assert.equal((await submitCode(await startSignIn(), backupCodes[3] ?? '')).status, 200);
  });

  it('sets a pending sign-in cookie with the flags of a session cookie, and clears it afterward', async () => {
    const overTls = { 'x-forwarded-proto': 'https', 'sec-fetch-site': 'same-origin' };
    const [plain, secure] = [await startSignIn(), await startSignIn(overTls)];
    const flags = 'Path=/; Max-Age=600; HttpOnly; SameSite=Lax';
    const [plainLine = ''] = plain.lastCookies();
    const [secureLine = ''] = secure.lastCookies();
    assert.match(plainLine, new RegExp(`^appflow_two_factor=[^;]+; ${flags}$`));
    assert.match(secureLine, new RegExp(`^__Host-appflow_two_factor=[^;]+; ${flags}; Secure$`));
    const downgraded = openBrowser(api.url, { ...overTls, cookie: plain.cookie() });
    assertProblem(await submitCode(downgraded, nextCode()), 401, 'not_signed_in');
    assert.equal((await submitCode(secure, nextCode())).status, 200);
    const [over = ''] = secure.lastCookies();
    assert.match(over, /^__Host-appflow_two_factor=; Path=\/; Max-Age=0; HttpOnly; SameSite=Lax; Secure$/);
  });

  it('asks for a code before an invitation is accepted', async () => {
    const owner = await startSignIn();
    await submitCode(owner, nextCode());
    // A member cannot be invited again, so the first owner hands the other project over and leaves it.
    await stepUp(owner, PASSWORD, nextCode());
    const path = `/app/v1/projects/${other.project_id}`;
    const invited = await owner.call('POST', `${path}/invitations`, {
      body: { email: 'new-owner@example.com', role: 'owner' },
    });
    const newOwnerBrowser = openBrowser(api.url);
    await newOwnerBrowser.call('POST', '/app/v1/invitations/accept', {
      body: { token: tokenOf(invited.body.link), name: 'New owner', password: PASSWORD },
    });
    const { body: session } = await owner.call('GET', '/app/v1/session');
    assert.equal((await owner.call('DELETE', `${path}/members/${session.user.id}`)).status, 204);
    const reinvited = { email: EMAIL, role: 'analyst' };
    await stepUp(newOwnerBrowser);
    const { body: made } = await newOwnerBrowser.call('POST', `${path}/invitations`, { body: reinvited });
    const browser = openBrowser(api.url);
    const accept = (body: object) => browser.call('POST', '/app/v1/invitations/accept', { body });
    const token = tokenOf(made.link);
    const pending = await accept({ token, password: PASSWORD });
    assert.deepEqual([pending.status, pending.body], [200, { totp_required: true }]);
    assert.equal((await submitCode(browser, nextCode())).body.projects.length, 1, 'not yet a member');
    const joined = await accept({ token });
    assert.deepEqual(joined.body.projects.map(({ role }: { role: string }) => role).sort(), [
      'analyst',
      'owner',
    ]);
  });

  it('ends a pending sign-in after five wrong codes, even if the next one is right', async () => {
    advance(HOUR_MS);
    const browser = await startSignIn();
    for (let wrong = 1; wrong <= 5; wrong += 1) await submitCode(browser, wrongCode());
    assertProblem(await submitCode(browser, nextCode()), 401, 'not_signed_in');
    // A right code resets the count of consecutive wrong codes.
    assert.equal((await submitCode(await startSignIn(), nextCode())).status, 200);
  });

  it('checks ten wrong codes in a row and one every 90 seconds after that, with the remaining time in Retry-After', async () => {
    advance(HOUR_MS);
    for (let round = 1; round <= 2; round += 1) {
      const browser = await startSignIn();
      for (let wrong = 1; wrong <= 5; wrong += 1)
        assertProblem(await submitCode(browser, wrongCode()), 401, 'invalid_credentials');
    }
    const browser = await startSignIn();
    const eleventh = await submitCode(browser, totpCode(secret, Date.now()));
    assertProblem(eleventh, 429, 'rate_limited');
    assert.equal(eleventh.body.policy, 'sign-in-code');
    assert.equal(eleventh.headers.get('retry-after'), String(RETRY_SECONDS));
    advance((RETRY_SECONDS - 10) * 1_000 - 1);
    const later = await submitCode(await startSignIn(), totpCode(secret, Date.now()));
    assertProblem(later, 429, 'rate_limited');
    assert.equal(later.headers.get('retry-after'), '11', 'whole seconds, none too few');
    advance(10_000);
    assertProblem(await submitCode(await startSignIn(), totpCode(secret, Date.now())), 429, 'rate_limited');
    advance(1);
    assert.equal((await submitCode(await startSignIn(), totpCode(secret, Date.now()))).status, 200);
  });

  it('signs in without a code after the second factor is removed, and records the removal once', async () => {
    const browser = await startSignIn();
    assert.equal((await submitCode(browser, nextCode())).status, 200);
    await stepUp(browser, PASSWORD, nextCode());
    for (let round = 1; round <= 2; round += 1)
      assert.equal((await browser.call('DELETE', '/app/v1/account/totp')).status, 204);
    assert.equal((await signIn(api.url, EMAIL)).cookie().includes('two_factor'), false);
    const path = `/app/v1/projects/${api.project.project_id}/audit-log?action=account.totp_disabled`;
    const { body: log } = await browser.call('GET', path);
    assert.equal(log.data.length, 1);
  });
});

it('generates the six-digit codes of RFC 6238 appendix B', () => {
  const secret = '12345678901234567890';
  for (const [seconds, code] of [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_234_567_890, '005924'],
    [20_000_000_000, '353130'],
  ] as const) {
    assert.equal(totpCode(secret, seconds * 1_000), code);
  }
});
