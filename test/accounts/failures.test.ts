import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLimiter } from '../../src/limits/limiter.ts';
import { createMemoryLimiter } from '../../src/limits/memory.ts';
import { renewSetupLink } from '../../src/members/set-up.ts';
import { DASHBOARD_ROUTES } from '../../src/routes.ts';
import { join, openBrowser, PASSWORD, setUp, signIn, stepUp, tokenOf } from '../support/browser.ts';
import { type Answer, initProject, makeConfig, stopBeforeRemoval } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';
import { enableTotp } from '../support/second-factor.ts';

const config = makeConfig({ APPFLOW_LIMIT_SIGN_IN: '' });
const { project_id } = await initProject(config);
let nowUs = 0;
const limiter = createLimiter({
  overrides: config.limitOverrides,
  store: createMemoryLimiter({ nowUs: () => nowUs }),
});
const { url, services, stop } = await startOpenServer(
  config,
  undefined,
  () => ({ limiter }),
  DASHBOARD_ROUTES,
);
stopBeforeRemoval(config.dataDir, stop);
const setupToken = tokenOf(`#${await renewSetupLink(services)}`);

const assertProblem = (answer: Answer, status: number, code: string) =>
  assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);
const tryPassword = (email: string) =>
  openBrowser(url).call('POST', '/app/v1/sign-in', { body: { email, password: 'wrong' } });
const refill = () => {
  nowUs += 60_000_000;
};
async function exhaustLimit(): Promise<void> {
  for (let failure = 1; failure <= 5; failure += 1) await tryPassword(`nobody${failure}@example.com`);
  assertProblem(await tryPassword('nobody6@example.com'), 429, 'rate_limited');
}

describe('the limit of wrong passwords per address', () => {
  it('does not prevent creating the first account with the setup link', async () => {
    await exhaustLimit();
    const browser = await setUp(url, `${url}/setup#${setupToken}`);
    const { status, body } = await browser.call('GET', '/app/v1/session');
    assert.deepEqual([status, body.projects.length], [200, 1]);
  });

  it('does not prevent creating an account with an invitation', async () => {
    refill();
    const owner = await signIn(url, 'owner@example.com');
    await exhaustLimit();
    const guest = await join(owner, project_id, 'analyst', 'Guest');
    const { status, body } = await guest.call('GET', '/app/v1/session');
    assert.deepEqual([status, body.projects.length], [200, 1]);
  });
});

describe('failed authentications of members', () => {
  /** Returns the failures in the project's audit log, oldest first. */
  async function listFailures() {
    await services.failures.flush();
    return services.control.db
      .selectFrom('audit_log')
      .select(['actor_id', 'target', 'request_id', 'diff'])
      .where('project_id', '=', project_id)
      .where('action', '=', 'authentication.failed')
      .orderBy('seq')
      .execute();
  }

  it('records wrong codes and wrong passwords at step-up in the audit log of the project', async () => {
    refill();
    const browser = await signIn(url, 'guest@example.com');
    const { body: session } = await browser.call('GET', '/app/v1/session');
    const { backupCodes } = await enableTotp(browser, Date.now());
    const before = (await listFailures()).length;
    const confirm = (body: object) => browser.call('POST', '/app/v1/step-up', { body });
    const again = await confirm({ password: 'wrong', code: backupCodes[0] });
    assertProblem(again, 401, 'invalid_credentials');
    const wrongCode = await confirm({ password: PASSWORD, code: 'wrong-code1' });
    assertProblem(wrongCode, 401, 'invalid_credentials');
    await stepUp(browser, PASSWORD, backupCodes[0]);
    const pending = openBrowser(url);
    await pending.call('POST', '/app/v1/sign-in', {
      body: { email: 'guest@example.com', password: PASSWORD },
    });
    const code = await pending.call('POST', '/app/v1/sign-in/totp', { body: { code: 'wrong-code1' } });
    assertProblem(code, 401, 'invalid_credentials');
    const recorded = (await listFailures()).slice(before);
    assert.deepEqual(
      recorded.map(({ actor_id, target, request_id }) => [actor_id, target, request_id]),
      [again, wrongCode, code].map(({ body }) => [session.user.id, session.user.id, body.request_id]),
    );
  });
});
