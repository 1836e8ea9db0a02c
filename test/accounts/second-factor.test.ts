import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { totpCode } from '../../src/accounts/totp-code.ts';
import { type Browser, openBrowser, PASSWORD, setUp, signIn, stepUp, tokenOf } from '../support/browser.ts';
import { type Answer, initProject, makeClock, startTestServer } from '../support/harness.ts';
import { fromBase32 } from '../support/second-factor.ts';

const STEP_MS = 30_000;
const LOCK_SECONDS = 900;
const EMAIL = 'owner@example.com';

// better-auth judges codes by the machine's clock, so that is what is set here.
mock.timers.enable({ apis: ['Date'], now: Date.now() });
const clock = makeClock();
const api = await startTestServer({ TRUSTED_PROXIES: '127.0.0.0/8' }, { clock });
const other = await initProject(api.config);
await setUp(api.url, api.server.setupUrl);

const assertProblem = (answer: Answer, status: number, code: string) =>
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);

let secret = '';
let backupCodes: string[] = [];

function pass(ms: number): void {
  mock.timers.tick(ms);
  clock.set(Date.now());
}
/** Returns the code that comes after those that were used. */
function nextCode(): string {
  pass(STEP_MS);
  return totpCode(secret, Date.now());
}
const wrongCode = () => String((Number(totpCode(secret, Date.now())) + 500_000) % 1_000_000).padStart(6, '0');

/** Gives the password in a new browser. */
async function start(headers: Record<string, string> = {}) {
  const browser = openBrowser(api.url, headers);
  const body = { email: EMAIL, password: PASSWORD };
  const answer = await browser.call('POST', '/app/v1/sign-in', { body });
  assert.deepEqual([answer.status, answer.body], [200, { totp_required: true }]);
  return browser;
}
const give = (browser: Browser, code: string) =>
  browser.call('POST', '/app/v1/sign-in/totp', { body: { code } });

describe('the second factor', () => {
  it('counts once a code of it was given', async () => {
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

  it('takes no code twice, that of its confirmation included, and none of an earlier half minute', async () => {
    assertProblem(await give(await start(), totpCode(secret, Date.now())), 401, 'invalid_credentials');
    const code = nextCode();
    assert.equal((await give(await start(), code)).status, 200);
    assertProblem(await give(await start(), code), 401, 'invalid_credentials');
    const [late, early] = [totpCode(secret, Date.now()), totpCode(secret, Date.now() + STEP_MS)];
    assert.equal((await give(await start(), early)).status, 200);
    assertProblem(await give(await start(), late), 401, 'invalid_credentials');
    pass(STEP_MS);
  });

  it('lets one in, of five who have the same code at the same moment', async () => {
    const browsers = await Promise.all(Array.from({ length: 5 }, () => start()));
    const code = nextCode();
    const answers = await Promise.all(browsers.map((browser) => give(browser, code)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401, 401, 401]);
    const letIn = browsers.map((browser) => browser.call('GET', '/app/v1/session'));
    const statuses = (await Promise.all(letIn)).map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [200, 401, 401, 401, 401]);
  });

  it('is asked for after the password, which alone opens nothing', async () => {
    const browser = await start();
    assertProblem(await browser.call('GET', '/app/v1/session'), 401, 'not_signed_in');
    assertProblem(await give(browser, wrongCode()), 401, 'invalid_credentials');
    const answer = await give(browser, nextCode());
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await browser.call('GET', '/app/v1/session')).status, 200);
  });

  it('needs the password first', async () => {
    assertProblem(await give(openBrowser(api.url), nextCode()), 401, 'not_signed_in');
    for (const forged of ['%', 'x', '2fa-unknown.x']) {
      const browser = openBrowser(api.url, { cookie: `appflow_two_factor=${forged}` });
      assertProblem(await give(browser, nextCode()), 401, 'not_signed_in');
    }
  });

  it('lets each backup code in once', async () => {
    const [code = ''] = backupCodes;
    assert.equal((await give(await start(), code)).status, 200);
    assertProblem(await give(await start(), code), 401, 'invalid_credentials');
    assert.equal((await give(await start(), nextCode())).status, 200);
  });

  it('binds the cookie of a half sign-in as that of a session, and takes it away after', async () => {
    const overTls = { 'x-forwarded-proto': 'https', 'sec-fetch-site': 'same-origin' };
    const [plain, secure] = [await start(), await start(overTls)];
    const flags = 'Path=/; Max-Age=600; HttpOnly; SameSite=Lax';
    const [plainLine = ''] = plain.lastCookies();
    const [secureLine = ''] = secure.lastCookies();
    assert.match(plainLine, new RegExp(`^appflow_two_factor=[^;]+; ${flags}$`));
    assert.match(secureLine, new RegExp(`^__Host-appflow_two_factor=[^;]+; ${flags}; Secure$`));
    const downgraded = openBrowser(api.url, { ...overTls, cookie: plain.cookie() });
    assertProblem(await give(downgraded, nextCode()), 401, 'not_signed_in');
    assert.equal((await give(secure, nextCode())).status, 200);
    const [over = ''] = secure.lastCookies();
    assert.match(over, /^__Host-appflow_two_factor=; Path=\/; Max-Age=0; HttpOnly; SameSite=Lax; Secure$/);
  });

  it('is asked for before an invitation is accepted, which then is as signed in', async () => {
    const owner = await start();
    await give(owner, nextCode());
    // Nobody invites a member: the first owner leaves the other project to somebody else first.
    await stepUp(owner);
    const path = `/app/v1/projects/${other.project_id}`;
    const heir = await owner.call('POST', `${path}/invitations`, {
      body: { email: 'heir@example.com', role: 'owner' },
    });
    const heirs = openBrowser(api.url);
    await heirs.call('POST', '/app/v1/invitations/accept', {
      body: { token: tokenOf(heir.body.link), name: 'Heir', password: PASSWORD },
    });
    const { body: session } = await owner.call('GET', '/app/v1/session');
    assert.equal((await owner.call('DELETE', `${path}/members/${session.user.id}`)).status, 204);
    const back = { email: EMAIL, role: 'analyst' };
    const { body: made } = await heirs.call('POST', `${path}/invitations`, { body: back });
    const browser = openBrowser(api.url);
    const accept = (body: object) => browser.call('POST', '/app/v1/invitations/accept', { body });
    const token = tokenOf(made.link);
    const half = await accept({ token, password: PASSWORD });
    assert.deepEqual([half.status, half.body], [200, { totp_required: true }]);
    assert.equal((await give(browser, nextCode())).body.projects.length, 1, 'not yet a member');
    const joined = await accept({ token });
    assert.deepEqual(joined.body.projects.map(({ role }: { role: string }) => role).sort(), [
      'analyst',
      'owner',
    ]);
  });

  it('gives up after five wrong codes, even to the right one', async () => {
    const browser = await start();
    for (let wrong = 1; wrong <= 5; wrong += 1) await give(browser, wrongCode());
    assertProblem(await give(browser, nextCode()), 401, 'not_signed_in');
    // A right one ends the count of wrong ones in a row.
    assert.equal((await give(await start(), nextCode())).status, 200);
  });

  it('is locked after ten wrong codes in a row, for a quarter of an hour that Retry-After counts down', async () => {
    for (let round = 1; round <= 2; round += 1) {
      const browser = await start();
      for (let wrong = 1; wrong <= 5; wrong += 1)
        assertProblem(await give(browser, wrongCode()), 401, 'invalid_credentials');
    }
    const browser = await start();
    const eleventh = await give(browser, wrongCode());
    assertProblem(eleventh, 429, 'rate_limited');
    assert.equal(eleventh.headers.get('retry-after'), String(LOCK_SECONDS));
    pass((LOCK_SECONDS - 100) * 1_000 - 1);
    const later = await give(await start(), totpCode(secret, Date.now()));
    assertProblem(later, 429, 'rate_limited');
    assert.equal(later.headers.get('retry-after'), '101', 'whole seconds, none too few');
    assert.equal(later.body.retry_after_ms, 101_000);
    pass(100_000);
    assertProblem(await give(await start(), totpCode(secret, Date.now())), 429, 'rate_limited');
    pass(1);
    assert.equal((await give(await start(), totpCode(secret, Date.now()))).status, 200);
  });

  it('is gone once removed, which the audit log tells once', async () => {
    const browser = await start();
    await give(browser, nextCode());
    await stepUp(browser);
    for (let round = 1; round <= 2; round += 1)
      assert.equal((await browser.call('DELETE', '/app/v1/account/totp')).status, 204);
    assert.equal((await signIn(api.url, EMAIL)).cookie().includes('two_factor'), false);
    const path = `/app/v1/projects/${api.project.project_id}/audit-log?action=account.totp_disabled`;
    const { body: log } = await browser.call('GET', path);
    assert.equal(log.data.length, 1);
  });
});

it('shows the code that RFC 6238 appendix B shows, to six digits', () => {
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
