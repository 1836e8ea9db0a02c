import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forwardedNetwork } from '../../src/lib/ip.ts';
import { createLimiter } from '../../src/limits/limiter.ts';
import { openBrowser, PASSWORD, setUp, signIn } from '../support/browser.ts';
import { type Answer, connect, makeClock, startTestServer } from '../support/harness.ts';

const clock = makeClock();
let nowUs = 0;
const api = await startTestServer({ APPFLOW_LIMIT_SIGN_IN: '' }, { clock, nowUs: () => nowUs });
const owner = await setUp(api.url, api.server.setupUrl);
const { project_id } = api.project;

const assertProblem = (answer: Answer, status: number, code: string) =>
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);
const tryPassword = (email: string, password: string) =>
  openBrowser(api.url).call('POST', '/app/v1/sign-in', { body: { email, password } });
const refill = () => {
  nowUs += 3_600_000_000;
};

describe('signing in', () => {
  it('ignores the case of the e-mail address', async () => {
    const answer = await tryPassword('OWNER@example.COM', PASSWORD);
    assert.equal(answer.status, 200);
    assert.equal(answer.body.user.email, 'owner@example.com');
  });

  it('returns the same error for a wrong password and an unknown account', async () => {
    const known = await tryPassword('owner@example.com', 'wrong password 1');
    const unknown = await tryPassword('nobody@example.com', 'wrong password 1');
    const nonsense = await tryPassword('not an address', 'wrong password 1');
    const bare = ({ status, body }: Answer) => ({ status, body: { ...body, request_id: '' } });
    assertProblem(known, 401, 'invalid_credentials');
    assert.deepEqual(bare(unknown), bare(known));
    assert.deepEqual(bare(nonsense), bare(known));
    refill();
  });

  it('counts only failed sign-ins against the limit', async () => {
    for (let round = 0; round < 8; round += 1) {
      assert.equal((await tryPassword('owner@example.com', PASSWORD)).status, 200);
    }
  });

  it('limits failures to five per minute from one address, whether the account exists or not, and then rejects the right password too', async () => {
    for (const email of ['owner@example.com', 'nobody@example.com']) {
      for (let failure = 1; failure <= 5; failure += 1) {
        assertProblem(await tryPassword(email, 'wrong'), 401, 'invalid_credentials');
      }
      const sixth = await tryPassword(email, 'wrong');
      assertProblem(sixth, 429, 'rate_limited');
      assert.equal(sixth.headers.get('retry-after'), '12');
      assertProblem(await tryPassword(email, PASSWORD), 429, 'rate_limited');
      nowUs += 11_999_999;
      assertProblem(await tryPassword(email, 'wrong'), 429, 'rate_limited');
      nowUs += 1;
      assertProblem(await tryPassword(email, 'wrong'), 401, 'invalid_credentials');
      refill();
    }
  });

  it('limits failures per address over all accounts', async () => {
    for (let failure = 1; failure <= 5; failure += 1)
      await tryPassword(`someone${failure}@example.com`, 'wrong');
    assertProblem(await tryPassword('someone6@example.com', 'wrong'), 429, 'rate_limited');
    refill();
  });

  it('limits failures per account, 20 per hour, whatever addresses they come from', async () => {
    for (const email of ['owner@example.com', 'nobody@example.com']) {
      for (let failure = 1; failure <= 20; failure += 1) {
        if (failure % 5 === 1) nowUs += 60_000_000;
        assertProblem(await tryPassword(email, 'wrong'), 401, 'invalid_credentials');
      }
      nowUs += 60_000_000;
      // Four minutes refilled one of twenty failures.
      assertProblem(await tryPassword(email, 'wrong'), 401, 'invalid_credentials');
      const next = await tryPassword(email, PASSWORD);
      assertProblem(next, 429, 'rate_limited');
      assert.equal(next.body.policy, 'sign-in-account');
      refill();
    }
  });

  it('limits failures behind an untrusted proxy for all its callers together, and warns in /readyz', async () => {
    const tryThrough = (email: string, headers: Record<string, string>) =>
      openBrowser(api.url, headers).call('POST', '/app/v1/sign-in', { body: { email, password: 'wrong' } });
    const limiter = createLimiter({ nowUs: () => 0 });
    const bucket = { policy: 'sign-in', of: 'passwords', network: forwardedNetwork('127.0.0.1') } as const;
    for (let failure = 1; failure <= 250; failure += 1)
      assert.equal(await limiter.chargeAttempt([bucket]), undefined);
    assert.equal((await limiter.chargeAttempt([bucket]))?.policy, 'sign-in');
    for (let failure = 1; failure <= 6; failure += 1) {
      const answer = await tryThrough(`someone${failure}@example.com`, { via: '1.1 proxy' });
      assertProblem(answer, 401, 'invalid_credentials');
    }
    const { warnings } = (await connect(api.url).call('GET', '/readyz')).body;
    assert.match(warnings.join(), /all its callers share the limits per address, on wrong passwords too/);
    refill();
  });

  it('limits concurrent guesses as strictly as sequential ones', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, async () => {
        let answer = await tryPassword('owner@example.com', 'wrong');
        // On a busy machine, hashing may have no time for it: then the guess counts for nothing.
        while (answer.body.code === 'overloaded') answer = await tryPassword('owner@example.com', 'wrong');
        return answer;
      }),
    );
    assert.equal(answers.filter(({ status }) => status === 401).length, 5);
    assert.equal(answers.filter(({ status }) => status === 429).length, 7);
    refill();
  });

  it('limits password guesses of a signed-in user', async () => {
    const guess = () => owner.call('POST', '/app/v1/step-up', { body: { password: 'wrong' } });
    for (let failure = 1; failure <= 5; failure += 1)
      assertProblem(await guess(), 401, 'invalid_credentials');
    assertProblem(await guess(), 429, 'rate_limited');
    refill();
  });

  it('ends a session after a week', async () => {
    const browser = await signIn(api.url, 'owner@example.com');
    // better-auth starts sessions by the system clock, not by the clock of the test.
    clock.set(Date.now() + 7 * 86_400_000 - 10_000);
    assert.equal((await browser.call('GET', '/app/v1/session')).status, 200);
    clock.advance(10_000);
    assertProblem(await browser.call('GET', '/app/v1/session'), 401, 'not_signed_in');
    clock.set(Date.now());
  });

  it('ends only the current session on sign-out', async () => {
    const [one, other] = [
      await signIn(api.url, 'owner@example.com'),
      await signIn(api.url, 'owner@example.com'),
    ];
    const cookie = one.cookie();
    assert.equal((await one.call('POST', '/app/v1/sign-out')).status, 204);
    assert.match(one.lastCookies()[0] ?? '', /^appflow_session=; .*Max-Age=0/);
    const thief = openBrowser(api.url, { cookie });
    assertProblem(await thief.call('GET', '/app/v1/session'), 401, 'not_signed_in');
    assert.equal((await other.call('GET', '/app/v1/session')).status, 200);
  });

  it('records sign-ins and failures in the audit log of the project', async () => {
    const browser = await signIn(api.url, 'owner@example.com');
    const listEntries = async (action: string) => {
      const { body } = await browser.call('GET', `/app/v1/projects/${project_id}/audit-log?action=${action}`);
      return body.data;
    };
    assert.ok((await listEntries('session.started')).length > 3);
    const { body } = await browser.call('GET', '/app/v1/session');
    for (const { actor } of await listEntries('session.started')) {
      assert.deepEqual(actor, { type: 'member', id: body.user.id, name: body.user.name });
    }
    // Failures are queued and written within seconds, so wait for them.
    for (let wait = 0; wait < 80 && (await listEntries('authentication.failed')).length === 0; wait += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const [failed] = await listEntries('authentication.failed');
    assert.deepEqual(failed.diff.code, [null, 'invalid_credentials']);
    assert.equal(failed.target, body.user.id);
  });
});

describe('changes from pages of another origin', () => {
  const path = `/app/v1/projects/${project_id}/apps`;
  const body = { name: 'Forged', platform: 'ios' };
  const browserOf = () => signIn(api.url, 'owner@example.com');

  it('rejects a change without a CSRF token or with the token of another session', async () => {
    const browser = await browserOf();
    const { cookie } = browser;
    const bare = connect(api.url);
    const sent = { cookie: cookie(), origin: api.url };
    assertProblem(await bare.call('POST', path, { body, headers: sent }), 403, 'csrf_rejected');
    const { body: other } = await (await browserOf()).call('GET', '/app/v1/session');
    const headers = { ...sent, 'x-appflow-csrf': other.csrf_token };
    assertProblem(await bare.call('POST', path, { body, headers }), 403, 'csrf_rejected');
  });

  for (const [what, headers] of [
    ['another origin', { origin: 'https://evil.example' }],
    ['another port', { origin: 'http://127.0.0.1:1' }],
    ['an opaque origin', { origin: 'null' }],
    ['another site, according to Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site' }],
    ['another subdomain, according to Sec-Fetch-Site', { 'sec-fetch-site': 'same-site' }],
  ] as const) {
    it(`rejects a change and a sign-in from ${what}, even with the right cookie and token`, async () => {
      const browser = await browserOf();
      assertProblem(await browser.call('POST', path, { body, headers }), 403, 'csrf_rejected');
      const sent = { body: { email: 'owner@example.com', password: PASSWORD }, headers };
      assertProblem(await openBrowser(api.url).call('POST', '/app/v1/sign-in', sent), 403, 'csrf_rejected');
    });
  }

  it('accepts a change with its own Origin or with Sec-Fetch-Site: same-origin', async () => {
    const browser = await browserOf();
    const { body: session } = await browser.call('GET', '/app/v1/session');
    const cookie = browser.cookie();
    const csrf = { 'x-appflow-csrf': session.csrf_token };
    for (const from of [{ origin: api.url }, { 'sec-fetch-site': 'same-origin' }]) {
      const headers = { cookie, ...csrf, ...from } as Record<string, string>;
      assert.equal((await connect(api.url).call('POST', path, { body, headers })).status, 201);
    }
  });

  it('rejects a change without Origin and Sec-Fetch-Site', async () => {
    const answer = await connect(api.url).call('POST', '/app/v1/sign-in', {
      body: { email: 'a', password: 'b' },
    });
    assertProblem(answer, 403, 'csrf_rejected');
  });
});
