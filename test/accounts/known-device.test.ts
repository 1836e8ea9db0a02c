import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEVICE_SECONDS } from '../../src/accounts/account-rules.ts';
import { passwordBuckets } from '../../src/accounts/attempts.ts';
import { createResetLink } from '../../src/accounts/reset-password.ts';
import { totpCode } from '../../src/accounts/totp-code.ts';
import { CLI_REQUESTER } from '../../src/api/caller.ts';
import { createLimiter } from '../../src/limits/limiter.ts';
import { renewSetupLink } from '../../src/members/set-up.ts';
import { DASHBOARD_ROUTES } from '../../src/routes.ts';
import { type Browser, join, openBrowser, PASSWORD, setUp, signIn, stepUp } from '../support/browser.ts';
import { type Answer, initProject, makeClock, makeConfig, stopBeforeRemoval } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';
import { enableTotp } from '../support/second-factor.ts';

const clock = makeClock();
let nowUs = 0;
const limiter = createLimiter({ nowUs: () => nowUs });
const config = makeConfig({ TRUSTED_PROXIES: '127.0.0.0/8' });
const { project_id } = await initProject(config);
const { url, services, stop } = await startOpenServer(config, clock, () => ({ limiter }), DASHBOARD_ROUTES);
stopBeforeRemoval(config.dataDir, stop);
const owner = await setUp(url, `${url}/setup#${await renewSetupLink(services)}`);
const OWNER = 'owner@example.com';

const assertProblem = (answer: Answer, status: number, code: string) =>
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);
const tryPassword = (browser: Browser, password: string, email = OWNER) =>
  browser.call('POST', '/app/v1/sign-in', { body: { email, password } });
const nextHour = () => {
  nowUs += 3_600_000_000;
};
/** Returns a new browser with the device cookie of another one and nothing else. */
function copyDevice(browser: Browser): Browser {
  const cookie = browser
    .cookie()
    .split('; ')
    .filter((pair) => pair.includes('appflow_device='))
    .join('; ');
  return openBrowser(url, { cookie });
}

let attackers = 0;

/** Uses up all attempts of unknown devices, as guesses from ever new addresses do. */
async function attack(email = OWNER): Promise<void> {
  for (let failure = 1; failure <= 40; failure += 1) {
    attackers += 1;
    const network = `198.51.${attackers >> 8}.${attackers & 255}`;
    if (await limiter.chargeAttempt(passwordBuckets({ email, network, deviceId: undefined }))) return;
  }
  assert.fail('never limited');
}

describe('a browser that has signed in before', () => {
  it('signs in while the account is attacked, and an unknown one has to wait', async () => {
    await attack();
    assertProblem(await tryPassword(openBrowser(url), PASSWORD), 429, 'rate_limited');
    assert.equal((await tryPassword(copyDevice(owner), PASSWORD)).status, 200);
    nextHour();
  });

  it('has five failures of its own per minute, which no other browser can use up', async () => {
    const [here, there] = [copyDevice(await signIn(url, OWNER)), copyDevice(owner)];
    for (let failure = 1; failure <= 5; failure += 1)
      assertProblem(await tryPassword(here, 'wrong'), 401, 'invalid_credentials');
    assertProblem(await tryPassword(here, PASSWORD), 429, 'rate_limited');
    assert.equal((await tryPassword(there, PASSWORD)).status, 200);
    assert.equal((await tryPassword(openBrowser(url), PASSWORD)).status, 200, 'nor does it use up theirs');
    nextHour();
  });

  it('confirms the password in its session while the account and its address are attacked', async () => {
    await attack();
    for (let failure = 1; failure <= 6; failure += 1)
      await tryPassword(openBrowser(url), 'wrong', `nobody${failure}@example.com`);
    await stepUp(owner);
    nextHour();
  });

  it('is known to its own account only, unless it signed in to several', async () => {
    const guest = await join(owner, project_id, 'analyst', 'Guest');
    await attack('guest@example.com');
    assertProblem(await tryPassword(copyDevice(owner), PASSWORD, 'guest@example.com'), 429, 'rate_limited');
    const shared = copyDevice(guest);
    assert.equal((await tryPassword(shared, PASSWORD)).status, 200);
    const [both = ''] = shared.lastCookies().filter((line) => line.startsWith('appflow_device='));
    const browser = openBrowser(url, { cookie: both.split(';', 1)[0] ?? '' });
    assert.equal((await tryPassword(browser, PASSWORD, 'guest@example.com')).status, 200);
    nextHour();
  });

  it('is unknown if its cookie was changed, made up or is too old', async () => {
    const [, token = ''] = /appflow_device=([^;]+)/.exec(owner.cookie()) ?? [];
    const [id = '', expiry = '', mac = ''] = token.split('.');
    await attack();
    for (const forged of [
      `${id}x.${expiry}.${mac}`,
      `${id}.${Number(expiry) + 1}.${mac}`,
      `${id}.${expiry}.`,
      `${id}.${expiry}`,
      '~~~~',
      '%',
    ]) {
      const browser = openBrowser(url, { cookie: `appflow_device=${forged}` });
      assertProblem(await tryPassword(browser, PASSWORD), 429, 'rate_limited');
    }
    clock.advance(DEVICE_SECONDS * 1_000);
    assertProblem(await tryPassword(copyDevice(owner), PASSWORD), 429, 'rate_limited');
    clock.advance(-DEVICE_SECONDS * 1_000);
    assert.equal((await tryPassword(copyDevice(owner), PASSWORD)).status, 200);
    nextHour();
  });

  it('has a cookie that scripts cannot read, bound to TLS where there is TLS', async () => {
    const overTls = { 'x-forwarded-proto': 'https', 'sec-fetch-site': 'same-origin' };
    const secure = openBrowser(url, overTls);
    await tryPassword(secure, PASSWORD);
    const flags = `Path=/; Max-Age=${DEVICE_SECONDS}; HttpOnly; SameSite=Lax`;
    assert.match(
      secure.lastCookies()[1] ?? '',
      new RegExp(`^__Host-appflow_device=[^;]+; ${flags}; Secure$`),
    );
    const plain = await signIn(url, OWNER);
    assert.match(plain.lastCookies()[1] ?? '', new RegExp(`^appflow_device=[^;]+; ${flags}$`));
  });

  it('stays known when it changes the password, and all others become unknown', async () => {
    const [here, there] = [await signIn(url, OWNER), await signIn(url, OWNER)];
    await stepUp(here);
    const changed = 'another long password';
    const answer = await here.call('POST', '/app/v1/account/password', { body: { new_password: changed } });
    assert.equal(answer.status, 204);
    await attack();
    assertProblem(await tryPassword(copyDevice(there), changed), 429, 'rate_limited');
    const again = copyDevice(here);
    assert.equal((await tryPassword(again, changed)).status, 200);
    await stepUp(again, changed);
    const back = { body: { new_password: PASSWORD } };
    assert.equal((await again.call('POST', '/app/v1/account/password', back)).status, 204);
    nextHour();
  });

  it('becomes known with a reset link, so the owner gets in from a new browser while the account is attacked', async () => {
    const token = await createResetLink(services, OWNER, 'reset', CLI_REQUESTER);
    await attack();
    const browser = openBrowser(url);
    const body = { token, password: PASSWORD };
    assert.equal((await browser.call('POST', '/app/v1/reset', { body })).status, 204);
    assert.equal((await tryPassword(browser, PASSWORD)).status, 200);
    nextHour();
  });

  it('has ten wrong codes of its own, which someone who knows the password cannot use up', async () => {
    const browser = await signIn(url, OWNER);
    const { secret } = await enableTotp(browser, clock.now());
    const submit = (from: Browser, code: string) =>
      from.call('POST', '/app/v1/sign-in/totp', { body: { code } });
    const start = async (from: Browser) => {
      assert.deepEqual((await tryPassword(from, PASSWORD)).body, { totp_required: true });
      return from;
    };
    for (let round = 1; round <= 2; round += 1) {
      const thief = await start(openBrowser(url));
      for (let wrong = 1; wrong <= 5; wrong += 1) await submit(thief, '000000');
    }
    // better-auth checks it by the machine's clock, which this test does not stop.
    const code = totpCode(secret, Math.max(Date.now(), clock.now() + 30_000));
    assertProblem(await submit(await start(openBrowser(url)), code), 429, 'rate_limited');
    assert.equal((await submit(await start(browser), code)).status, 200);
  });
});
