import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { totpCode } from '../../src/accounts/totp-code.ts';
import type { Write } from '../../src/control/control.ts';
import { renewSetupLink } from '../../src/members/set-up.ts';
import { type Browser, join, PASSWORD, setUp, signIn, stepUp, tokenOf } from '../support/browser.ts';
import { fromBase32 } from '../support/second-factor.ts';
import { startSlowServer } from '../support/slow-server.ts';

const { url, clock, project, services, sendSlowly, sendWhileLocked, readState } = await startSlowServer();
const { project_id } = project;

type Send = [method: string, path: string, body?: object | undefined];

/** Sends a request whose write waits until another process has committed a change. */
async function sendWithBrowser(
  change: (write: Write) => Promise<unknown>,
  browser: Browser,
  [method, path, body]: Send,
) {
  await browser.call('GET', '/app/v1/session');
  return await sendWhileLocked(change, () => browser.call(method, path, body === undefined ? {} : { body }));
}

const endSession =
  (id: string) =>
  ({ tx }: Write) =>
    tx.deleteFrom('sessions').where('id', '=', id).execute();

async function findSessions(browser: Browser): Promise<{ current: string; other: string }> {
  const { body } = await browser.call('GET', '/app/v1/sessions');
  const idWhere = (isCurrent: boolean) =>
    body.data.find((one: { is_current: boolean }) => one.is_current === isCurrent)?.id;
  return { current: idWhere(true), other: idWhere(false) };
}

describe('rechecking a member before a write', async () => {
  const setupUrl = `${url}/setup#${await renewSetupLink(services)}`;
  const owner = await setUp(url, setupUrl);
  await stepUp(owner);
  await join(owner, project_id, 'admin', 'Developer');
  const path = (rest: string) => `/app/v1/projects/${project_id}${rest}`;
  await join(owner, project_id, 'developer', 'Analyst');
  const { body: members } = await owner.call('GET', path('/members'));
  const idOf = (address: string): string =>
    members.data.find(({ email }: { email: string }) => email === address).id;
  const [id, other] = [idOf('developer@example.com'), idOf('analyst@example.com')];
  const app = await owner.call('POST', path('/apps'), { body: { name: 'Spare', platform: 'web' } });
  const createKey = () => owner.call('POST', path('/api-keys'), { body: { name: 'Spare', type: 'client' } });
  const [key, revoked] = [await createKey(), await createKey()];
  await owner.call('DELETE', path(`/api-keys/${revoked.body.id}`));
  const invited = await owner.call('POST', path('/invitations'), {
    body: { email: 'invited@example.com', role: 'analyst' },
  });

  async function headersOf(browser: Browser): Promise<Record<string, string>> {
    const { body } = await browser.call('GET', '/app/v1/session');
    return { cookie: browser.cookie(), origin: url, 'x-appflow-csrf': body.csrf_token };
  }

  async function createAppLate(meanwhile: (browser: Browser) => Promise<unknown>) {
    const browser = await signIn(url, 'developer@example.com');
    const headers = await headersOf(browser);
    const { apps } = await readState();
    const body = { name: 'Late', platform: 'ios' };
    const call = { method: 'POST', path: path('/apps'), body, headers };
    const { status, body: problem } = await sendSlowly(call, () => meanwhile(browser));
    assert.deepEqual((await readState()).apps, apps);
    return [status, problem.code];
  }

  it('rejects a request whose session ends while its body is read', async () => {
    const refused = await createAppLate((browser) => browser.call('POST', '/app/v1/sign-out'));
    assert.deepEqual(refused, [401, 'not_signed_in']);
  });

  it('rejects a request whose member loses their role while its body is read', async () => {
    const refused = await createAppLate(() =>
      owner.call('PATCH', path(`/members/${id}`), { body: { role: 'analyst' } }),
    );
    assert.deepEqual(refused, [403, 'insufficient_scope']);
    await owner.call('PATCH', path(`/members/${id}`), { body: { role: 'admin' } });
  });

  const WRITES: [what: string, method: string, path: string, body?: object][] = [
    ['creates no key', 'POST', '/api-keys', { name: 'Late', type: 'client' }],
    ['changes no key', 'PATCH', `/api-keys/${key.body.id}`, { name: 'Late' }],
    ['rotates no key', 'POST', `/api-keys/${key.body.id}/rotate`],
    ['revokes no key', 'DELETE', `/api-keys/${key.body.id}`],
    ['restores no key', 'POST', `/api-keys/${revoked.body.id}/restore`],
    ['creates no app', 'POST', '/apps', { name: 'Late', platform: 'ios' }],
    ['changes no app', 'PATCH', `/apps/${app.body.id}`, { name: 'Late' }],
    ['deletes no app', 'DELETE', `/apps/${app.body.id}`],
    ['does not change the project', 'PATCH', '/project', { name: 'Late' }],
    ['invites no member', 'POST', '/invitations', { email: 'late@example.com', role: 'admin' }],
    ['revokes no invitation', 'DELETE', `/invitations/${invited.body.id}`],
    ['removes no member', 'DELETE', `/members/${other}`],
    ['does not restore its own role', 'PATCH', `/members/${id}`, { role: 'admin' }],
  ];

  for (const [what, method, rest, body] of WRITES) {
    it(`${what} if another process takes the member's role away while the write waits`, async () => {
      const browser = await signIn(url, 'developer@example.com');
      await stepUp(browser);
      const before = await readState();
      const refused = await sendWithBrowser(
        ({ tx }) =>
          tx.updateTable('project_members').set({ role: 'analyst' }).where('person_id', '=', id).execute(),
        browser,
        [method, path(rest), body],
      );
      assert.deepEqual([refused.status, refused.body.code], [403, 'insufficient_scope'], refused.text);
      await owner.call('PATCH', path(`/members/${id}`), { body: { role: 'admin' } });
      assert.deepEqual(await readState(), before);
    });
  }

  it('does not leave the project if another process ends its session while the write waits', async () => {
    const browser = await signIn(url, 'developer@example.com');
    await stepUp(browser);
    const before = await readState();
    const { current } = await findSessions(browser);
    const refused = await sendWithBrowser(endSession(current), browser, ['DELETE', path(`/members/${id}`)]);
    assert.deepEqual([refused.status, refused.body.code], [401, 'not_signed_in'], refused.text);
    assert.deepEqual(await readState(), before);
  });

  it('rejects a request whose member is removed while its body is read', async () => {
    const refused = await createAppLate(() => owner.call('DELETE', path(`/members/${id}`)));
    assert.deepEqual(refused, [404, 'not_found']);
  });
});

describe('a person whose session another process ends', () => {
  const email = 'person@example.com';
  const { db } = services.control;
  let invitation = '';

  before(async () => {
    const owner = await signIn(url, 'owner@example.com');
    await stepUp(owner);
    await join(owner, project_id, 'developer', 'Person');
    const { body } = await owner.call('POST', '/app/v1/projects', { body: { name: 'Second' } });
    const path = `/app/v1/projects/${body.id}/invitations`;
    const invited = await owner.call('POST', path, { body: { email, role: 'analyst' } });
    invitation = tokenOf(invited.body.link);
  });

  /** Returns everything stored that a person can change, except the session that ends. */
  async function readAccounts(endedSessionId: string) {
    const people = await db.selectFrom('people').selectAll().orderBy('id').execute();
    const credentials = await db.selectFrom('credentials').selectAll().orderBy('id').execute();
    const secondFactors = await db.selectFrom('two_factors').selectAll().orderBy('id').execute();
    const sessions = await db.selectFrom('sessions').selectAll().where('id', '!=', endedSessionId).execute();
    const entries = await db.selectFrom('audit_log').select('seq').execute();
    return {
      ...{ people, credentials, secondFactors, sessions, entries: entries.length },
      ...(await readState()),
    };
  }

  async function offerTotp(browser: Browser): Promise<object> {
    const { body } = await browser.call('POST', '/app/v1/account/totp', { body: {} });
    return { code: totpCode(fromBase32(body.secret), clock.now()) };
  }

  type Prepare = (browser: Browser) => Promise<object> | object;
  const WRITES: [what: string, method: string, path: string, prepare?: Prepare][] = [
    ['does not sign out', 'POST', '/app/v1/sign-out'],
    ['does not step up', 'POST', '/app/v1/step-up', () => ({ password: PASSWORD })],
    ['ends no other session', 'DELETE', '/app/v1/sessions/OTHER'],
    ['does not change its name', 'PATCH', '/app/v1/account', () => ({ name: 'Late' })],
    ['does not change its address', 'PATCH', '/app/v1/account', () => ({ email: 'late@example.com' })],
    ['keeps its password', 'POST', '/app/v1/account/password', () => ({ new_password: `late ${PASSWORD}` })],
    ['does not enroll a second factor', 'POST', '/app/v1/account/totp', () => ({})],
    ['switches no second factor on', 'POST', '/app/v1/account/totp/confirm', offerTotp],
    ['switches no second factor off', 'DELETE', '/app/v1/account/totp'],
    ['creates no project', 'POST', '/app/v1/projects', () => ({ name: 'Late' })],
    ['accepts no invitation', 'POST', '/app/v1/invitations/accept', () => ({ token: invitation })],
  ];

  for (const [what, method, path, prepare] of WRITES) {
    it(`${what} while its write waits`, async () => {
      await signIn(url, email);
      const browser = await signIn(url, email);
      await stepUp(browser);
      const body = await prepare?.(browser);
      const { current, other } = await findSessions(browser);
      const stored = await readAccounts(current);
      const send: Send = [method, path.replace('OTHER', other), body];
      const refused = await sendWithBrowser(endSession(current), browser, send);
      assert.deepEqual([refused.status, refused.body.code], [401, 'not_signed_in'], refused.text);
      assert.deepEqual(await readAccounts(current), stored);
    });
  }
});
