import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { NO_CALLER } from '../../src/control/open.ts';
import { renewSetupLink } from '../../src/members/set-up.ts';
import { openControlServices } from '../../src/server/open-services.ts';
import { type Browser, join, setUp, signIn, stepUp } from '../support/browser.ts';
import { startSlowServer } from '../support/slow-server.ts';

const { url, clock, config, project, services, hooks, sendSlowly, readState } = await startSlowServer();
const { project_id } = project;
const elsewhere = await openControlServices(config, clock);
after(() => elsewhere.close());

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
    ['creates no app', 'POST', '/apps', { name: 'Late', platform: 'ios' }],
    ['deletes no app', 'DELETE', `/apps/${app.body.id}`],
    ['does not change the project', 'PATCH', '/project', { name: 'Late' }],
    ['invites no member', 'POST', '/invitations', { email: 'late@example.com', role: 'admin' }],
    ['removes no member', 'DELETE', `/members/${other}`],
    ['does not restore its own role', 'PATCH', `/members/${id}`, { role: 'admin' }],
  ];

  for (const [what, method, rest, body] of WRITES) {
    it(`${what} if another process takes the member's role away while the write waits`, async () => {
      const browser = await signIn(url, 'developer@example.com');
      await stepUp(browser);
      const isWaiting = Promise.withResolvers<void>();
      const isTaken = Promise.withResolvers<void>();
      const before = await readState();
      const writing = elsewhere.control.write(NO_CALLER, async ({ tx }) => {
        await tx
          .updateTable('project_members')
          .set({ role: 'analyst' })
          .where('person_id', '=', id)
          .execute();
        isTaken.resolve();
        await isWaiting.promise;
      });
      await isTaken.promise;
      await browser.call('GET', '/app/v1/session');
      hooks.onWrite = isWaiting.resolve;
      const refused = await browser.call(method, path(rest), body === undefined ? {} : { body });
      hooks.onWrite = () => {};
      isWaiting.resolve();
      await writing;
      assert.deepEqual([refused.status, refused.body.code], [403, 'insufficient_scope'], refused.text);
      await owner.call('PATCH', path(`/members/${id}`), { body: { role: 'admin' } });
      assert.deepEqual(await readState(), before);
    });
  }

  it('rejects a request whose member is removed while its body is read', async () => {
    const refused = await createAppLate(() => owner.call('DELETE', path(`/members/${id}`)));
    assert.deepEqual(refused, [404, 'not_found']);
  });
});
