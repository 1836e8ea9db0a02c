import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { totpCode } from '../../src/accounts/totp-code.ts';
import { createLimiter } from '../../src/limits/limiter.ts';
import { renewSetupLink } from '../../src/members/set-up.ts';
import { DASHBOARD_ROUTES } from '../../src/routes.ts';
import { type Browser, openBrowser, PASSWORD, setUp, signIn, stepUp } from '../support/browser.ts';
import { type Answer, initProject, makeConfig, stopBeforeRemoval } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';
import { sendTogether, toRawPost } from '../support/raw-http.ts';
import { enableTotp, fromBase32 } from '../support/second-factor.ts';

// Each burst is sent with all last bytes together. Its last request is right: it must not be checked once as many were
// checked as promised.
const BURST = 16;
const PASSWORDS_MAX = 5;
const CODES_MAX = 10;
const EMAIL = 'owner@example.com';
const STEP_MS = 30_000;

let hours = 0;
const limiter = createLimiter({ nowUs: () => hours * 3_600_000_000 });
const config = makeConfig();
await initProject(config);
const { url, services, stop } = await startOpenServer(
  config,
  undefined,
  () => ({ limiter }),
  DASHBOARD_ROUTES,
);
stopBeforeRemoval(config.dataDir, stop);
const setupToken = (await renewSetupLink(services)) ?? assert.fail();
const { password: hasher } = await (await services.people.auth()).$context;
const verify = mock.method(hasher, 'verify');
const nextHour = () => {
  hours += 1;
};

const statusesOf = (answers: readonly Answer[]) => answers.map(({ status }) => status);
const countChecked = (answers: readonly Answer[]) =>
  statusesOf(answers).filter((status) => status !== 429).length;
/** Wrong ones, then a right one. */
const burstOf = <T>(wrong: T, right: T): T[] => [...Array.from({ length: BURST - 1 }, () => wrong), right];

async function headersOf(browser: Browser): Promise<Record<string, string>> {
  const { body } = await browser.call('GET', '/app/v1/session');
  return { cookie: browser.cookie(), 'x-appflow-csrf': body.csrf_token };
}

/** Starts as many sign-ins with the right password, each of which waits for its code. */
async function startSignIns(count: number): Promise<string[]> {
  const cookies: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const browser = openBrowser(url);
    const body = { email: EMAIL, password: PASSWORD };
    assert.equal((await browser.call('POST', '/app/v1/sign-in', { body })).status, 200);
    cookies.push(browser.cookie());
  }
  return cookies;
}

async function sendCodes(wrong: string, findRight: () => string): Promise<Answer[]> {
  const cookies = await startSignIns(BURST);
  const codes = burstOf(wrong, findRight());
  return sendTogether(
    url,
    codes.map((code, index) =>
      toRawPost(url, '/app/v1/sign-in/totp', { code }, { cookie: cookies[index] ?? '' }),
    ),
  );
}

describe('a burst of guesses sent together', () => {
  it('checks five links to the setup page', async () => {
    const body = { name: 'Owner', email: EMAIL, password: PASSWORD };
    const requests = burstOf('guess', setupToken).map((token) =>
      toRawPost(url, '/app/v1/setup', { ...body, token }),
    );
    const answers = await sendTogether(url, requests);
    assert.equal(countChecked(answers), PASSWORDS_MAX);
    assert.equal(answers.at(-1)?.status, 429);
    nextHour();
    await setUp(url, `${url}/setup#${setupToken}`);
  });

  it('checks five links to the reset page, and five invitations', async () => {
    for (const [path, body] of [
      ['/app/v1/reset', { password: PASSWORD }],
      ['/app/v1/invitations/look', {}],
      ['/app/v1/invitations/accept', { name: 'Guest', password: PASSWORD }],
    ] as const) {
      nextHour();
      const requests = burstOf('a', 'b').map((token) => toRawPost(url, path, { ...body, token }));
      const answers = await sendTogether(url, requests);
      assert.equal(countChecked(answers), PASSWORDS_MAX, path);
      assert.ok(statusesOf(answers).every((status) => status === 404 || status === 429));
    }
    nextHour();
  });

  it('checks five passwords at sign-in, whether the account exists or not', async () => {
    for (const email of [EMAIL, 'nobody@example.com']) {
      nextHour();
      verify.mock.resetCalls();
      const requests = burstOf('wrong', PASSWORD).map((password) =>
        toRawPost(url, '/app/v1/sign-in', { email, password }),
      );
      const answers = await sendTogether(url, requests);
      assert.equal(countChecked(answers), PASSWORDS_MAX);
      assert.equal(answers.at(-1)?.status, 429);
      assert.equal(verify.mock.callCount(), email === EMAIL ? PASSWORDS_MAX : 0);
    }
    nextHour();
  });

  it('checks five passwords at step-up', async () => {
    const browser = await signIn(url, EMAIL);
    const headers = await headersOf(browser);
    verify.mock.resetCalls();
    const requests = burstOf('wrong', PASSWORD).map((password) =>
      toRawPost(url, '/app/v1/step-up', { password }, headers),
    );
    const answers = await sendTogether(url, requests);
    assert.deepEqual([countChecked(answers), verify.mock.callCount()], [PASSWORDS_MAX, PASSWORDS_MAX]);
    assert.equal(answers.at(-1)?.status, 429);
    nextHour();
  });

  it('checks ten codes when a second factor is turned on', async () => {
    const browser = await signIn(url, EMAIL);
    await stepUp(browser);
    const { body } = await browser.call('POST', '/app/v1/account/totp', { body: {} });
    const right = totpCode(fromBase32(body.secret), Date.now());
    const headers = await headersOf(browser);
    const requests = burstOf(right === '000000' ? '000001' : '000000', right).map((code) =>
      toRawPost(url, '/app/v1/account/totp/confirm', { code }, headers),
    );
    const answers = await sendTogether(url, requests);
    assert.equal(countChecked(answers), CODES_MAX);
    assert.equal(answers.at(-1)?.status, 429);
    nextHour();
  });

  it('checks ten codes of the app and ten backup codes at sign-in, and a right one after them does not sign in', async () => {
    const { secret, backupCodes } = await enableTotp(await signIn(url, EMAIL), Date.now());
    for (const [wrong, findRight] of [
      ['000000', () => totpCode(secret, Date.now() + STEP_MS)],
      ['wrong-code1', () => backupCodes[0] ?? assert.fail()],
    ] as const) {
      nextHour();
      const answers = await sendCodes(wrong, findRight);
      assert.equal(countChecked(answers), CODES_MAX);
      assert.equal(answers.at(-1)?.status, 429);
      assert.ok(!statusesOf(answers).includes(200));
    }
    nextHour();
    const [cookie = ''] = await startSignIns(1);
    const body = { code: backupCodes[0] ?? '' };
    const [late] = await sendTogether(url, [toRawPost(url, '/app/v1/sign-in/totp', body, { cookie })]);
    assert.equal(late?.status, 200, 'the right one was not used up');
  });
});
