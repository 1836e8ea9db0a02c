import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { totpCode } from '../../src/accounts/totp-code.ts';
import { join, openBrowser, PASSWORD, setUp, stepUp } from '../support/browser.ts';
import { browserTest, enterAs, startChromium, untilLoaded, type Window } from '../support/chromium.ts';
import { startTestServer } from '../support/harness.ts';
import { enableTotp, fromBase32 } from '../support/second-factor.ts';

const api = await startTestServer({ TRUSTED_PROXIES: '127.0.0.1' });
const { project_id } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
await stepUp(owner);
const chromium = startChromium();

const at = (path: string) => `${api.url}/p/${project_id}${path}`;
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });

async function signIn({ page }: Window, email: string, returnTo = '/account'): Promise<void> {
  await page.goto(`${api.url}/sign-in?return=${encodeURIComponent(returnTo)}`);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await button(page, 'Sign in').click();
}

/** Sends a change from the page, bypassing its buttons. Returns the status and error code. */
async function requestFromPage(
  page: Page,
  method: string,
  path: string,
  body: object,
): Promise<[number, string]> {
  const asked = JSON.stringify({ method, path: `/app/v1/projects/${project_id}${path}`, body });
  return (await page.evaluate(`(async () => {
    const { method, path, body } = ${asked};
    const session = await (await fetch('/app/v1/session')).json();
    const headers = { 'content-type': 'application/json', 'x-appflow-csrf': session.csrf_token };
    const answer = await fetch(path, { method, headers, body: JSON.stringify(body) });
    return [answer.status, (await answer.json()).code];
  })()`)) as [number, string];
}

browserTest(
  'lets an invited analyst join, hides key pages from them and rejects their API requests',
  async () => {
    const inviting = await chromium.open({ permissions: ['clipboard-read', 'clipboard-write'] });
    await enterAs(inviting, owner);
    await inviting.page.goto(at('/settings/members'));
    await button(inviting.page, 'Invite member').click();
    await inviting.page.getByLabel('Email').fill('analyst@example.com');
    await inviting.page.getByLabel('Role', { exact: true }).selectOption('analyst');
    await button(inviting.page, 'Create link').click();
    await button(inviting.page, 'Copy link').click();
    const link = String(await inviting.page.evaluate('navigator.clipboard.readText()'));
    assert.ok(link.startsWith(`${api.url}/invite#`), link);

    const { page, problems } = await chromium.open();
    await page.goto(link);
    await page.getByText("You've been invited as analyst with analyst@example.com").waitFor();
    await page.getByLabel('Your name').fill('Analyst');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await button(page, 'Join Test').click();
    const links = page.getByRole('navigation', { name: 'Project' }).getByRole('link');
    await links.first().waitFor();
    assert.deepEqual(await links.allInnerTexts(), [
      'Overview',
      'Live',
      'Events',
      'Retention',
      'Funnels',
      'Users',
      'Apps',
      'Ingestion health',
      'Docs',
      'Project',
    ]);
    await page.goto(at('/settings/api-keys'));
    await page.getByText("You don't have access to this page").waitFor();
    await page.goto(at('/apps'));
    await untilLoaded(page);
    assert.equal(await page.getByRole('button', { name: /Add app|Edit|Delete/ }).count(), 0);
    assert.deepEqual(problems(), []);

    const wanted = { name: 'Mine', type: 'client' };
    assert.deepEqual(await requestFromPage(page, 'POST', '/api-keys', wanted), [403, 'insufficient_scope']);
    assert.equal(
      (await (await page.request.get(`${api.url}/app/v1/projects/${project_id}/api-keys`)).json()).code,
      'insufficient_scope',
    );
  },
);

browserTest('shows a developer the keys without controls to create, rotate or revoke one', async () => {
  const window = await chromium.open();
  await enterAs(window, await join(owner, project_id, 'developer', 'Developer'));
  const { page, problems } = window;
  await page.goto(at('/settings/api-keys'));
  await page.getByRole('table', { name: 'API keys' }).getByRole('link').first().click();
  await page.getByRole('dialog').getByText('Created').waitFor();
  assert.equal(await page.getByRole('button', { name: /Create|Rotate|Revoke/ }).count(), 0);
  assert.equal(await page.getByRole('tab', { name: 'Settings' }).count(), 0);
  assert.deepEqual(problems(), []);
  const wanted = { name: 'Mine', type: 'client' };
  assert.deepEqual(await requestFromPage(page, 'POST', '/api-keys', wanted), [403, 'insufficient_scope']);
});

browserTest('closes an open live tail when its session ends', async () => {
  const away = await chromium.open();
  await join(owner, project_id, 'admin', 'Traveller');
  await signIn(away, 'traveller@example.com', `/p/${project_id}/live`);
  await away.page.getByRole('status').filter({ hasText: 'Live' }).waitFor();

  const home = await chromium.open();
  await signIn(home, 'traveller@example.com');
  // The invitation created a third session, which belongs to the test itself.
  const rows = home.page
    .getByRole('listitem')
    .filter({ hasText: 'Chromium' })
    .or(home.page.getByRole('listitem').filter({ hasText: 'Chrome' }));
  await rows
    .filter({ hasNotText: 'This browser' })
    .getByRole('button', { name: /^Sign out/ })
    .click();

  // The stream reports the end, unless the page requested metrics first, which redirects to the sign-in page
  // immediately.
  const ended = away.page.getByText('The live stream ended');
  const signInAgain = away.page.getByRole('heading', { name: 'Sign in' });
  await ended.or(signInAgain).first().waitFor();
  if (await ended.isVisible()) await button(away.page, 'Sign in again').click();
  await signInAgain.waitFor();
  assert.deepEqual(home.problems(), []);
});

browserTest('asks for the password before a dangerous action, and sends nothing without it', async () => {
  const window = await chromium.open();
  await join(owner, project_id, 'admin', 'Analyst2');
  await signIn(window, 'analyst2@example.com', `/p/${project_id}/settings/api-keys`);
  const { page, problems } = window;
  const sent: string[] = [];
  page.on('request', (request) => request.method() === 'POST' && sent.push(new URL(request.url()).pathname));
  await button(page, 'Create API key').click();
  await page.getByRole('button', { name: /In my backend/ }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Backend');
  await button(page, 'Create key').click();
  const confirmation = page.getByRole('dialog', { name: "Confirm it's you" });
  await button(page, 'Cancel').click();
  await confirmation.waitFor({ state: 'detached' });
  assert.deepEqual(sent, []);

  await button(page, 'Create key').click();
  await confirmation.getByLabel('Password', { exact: true }).fill('not my password');
  await button(page, 'Confirm').click();
  await confirmation.getByRole('alert').waitFor();
  assert.deepEqual(sent, ['/app/v1/step-up']);
  // The response to a wrong password, and the console message of the browser about it.
  assert.ok(problems().every((problem) => /401|403|422/.test(problem)));
  await confirmation.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await button(page, 'Confirm').click();
  await page.getByRole('dialog', { name: 'Your new API key' }).waitFor();
  assert.deepEqual(problems(), []);
});

browserTest('asks for the password before a member is removed or a server key is enabled', async () => {
  await stepUp(owner);
  await join(owner, project_id, 'developer', 'Leaver');
  const path = `/app/v1/projects/${project_id}/api-keys`;
  const { body: key } = await owner.call('POST', path, { body: { name: 'Idle', type: 'server' } });
  await owner.call('PATCH', `${path}/${key.id}`, { body: { disabled: true } });
  const window = await chromium.open();
  await signIn(window, 'owner@example.com', `/p/${project_id}/settings/members`);
  const { page, problems } = window;
  const confirmation = page.getByRole('dialog', { name: "Confirm it's you" });
  await button(page, 'Remove Leaver').click();
  await button(page, 'Remove member').click();
  await confirmation.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await button(page, 'Confirm').click();
  await page.getByText('Leaver no longer has access').waitFor();
  // A new session, so that the password is asked for again.
  await window.context.clearCookies();
  await signIn(window, 'owner@example.com', `/p/${project_id}/settings/api-keys`);
  await page.getByRole('link', { name: 'Idle' }).click();
  await page.getByRole('switch', { name: /Enabled/ }).click();
  await confirmation.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await button(page, 'Confirm').click();
  await page.getByText('Idle is enabled.').waitFor();
  assert.deepEqual(problems(), []);
});

browserTest(
  'turns on two-factor authentication, asks for a code at sign-in and accepts a backup code only once',
  async () => {
    const window = await chromium.open();
    await join(owner, project_id, 'analyst', 'Keeper');
    await signIn(window, 'keeper@example.com');
    const { page, problems } = window;
    await button(page, 'Set up authenticator app').click();
    await page.getByLabel('Password', { exact: true }).last().fill(PASSWORD);
    await button(page, 'Confirm').click();
    const dialog = page.getByRole('dialog', { name: 'Set up authenticator app' });
    const secret = (await dialog.locator('code').textContent()) ?? '';
    await dialog
      .getByLabel('Code from the app')
      .fill(totpCode(fromBase32(secret.replaceAll(' ', '')), Date.now()));
    await button(page, 'Turn on').click();
    const saving = page.getByRole('dialog', { name: 'Save your backup codes' });
    const code = (await saving.getByRole('listitem').first().textContent()) ?? '';
    await page.keyboard.press('Escape');
    await saving.getByText("You can't see it again").waitFor();
    await page.getByLabel('I have saved these codes').click();
    await button(page, 'Done').click();
    await page.getByText('On', { exact: true }).waitFor();

    await window.context.clearCookies();
    await signIn(window, 'keeper@example.com');
    await page.getByRole('heading', { name: 'Two-factor authentication' }).waitFor();
    await page.getByLabel('Code').fill(code);
    await button(page, 'Sign in').click();
    await page.getByRole('heading', { name: 'Account and security' }).waitFor();
    assert.deepEqual(problems(), []);

    await window.context.clearCookies();
    await signIn(window, 'keeper@example.com');
    await page.getByLabel('Code').fill(code);
    await button(page, 'Sign in').click();
    await page
      .getByRole('alert')
      .filter({ hasText: 'The code is wrong, was already used, or has expired.' })
      .waitFor();
  },
);

// The page once took the answer that asks for the code for a session, and broke.
browserTest('asks an invited account for the code of its second factor, then accepts', async () => {
  const guest = await join(owner, project_id, 'analyst', 'Guest');
  const { backupCodes } = await enableTotp(guest, Date.now());
  const created = await owner.call('POST', '/app/v1/projects', { body: { name: 'Second' } });
  const invited = await owner.call('POST', `/app/v1/projects/${created.body.id}/invitations`, {
    body: { email: 'guest@example.com', role: 'analyst' },
  });
  const { page, problems } = await chromium.open();
  await page.goto(invited.body.link);
  await page.getByLabel('Your password', { exact: true }).fill(PASSWORD);
  await button(page, 'Join Second').click();
  await page.getByLabel('Code').fill(backupCodes[0] ?? '');
  await button(page, 'Sign in').click();
  await page.getByRole('navigation', { name: 'Project' }).waitFor();
  await page.goto(`${api.url}/account`);
  await button(page, 'Leave Second').waitFor();
  assert.deepEqual(problems(), []);
});

browserTest(
  'keeps the session in a cookie that scripts cannot read and other sites cannot send',
  async () => {
    const window = await chromium.open();
    await signIn(window, 'owner@example.com');
    await window.page.getByRole('heading', { name: 'Account and security' }).waitFor();
    const cookies = await window.context.cookies();
    const [cookie, device, ...others] = cookies.sort((a, b) => b.name.localeCompare(a.name));
    assert.deepEqual([device?.name, device?.httpOnly, others], ['appflow_device', true, []]);
    assert.deepEqual(
      [cookie?.name, cookie?.httpOnly, cookie?.sameSite, cookie?.secure, cookie?.path],
      ['appflow_session', true, 'Lax', false, '/'],
    );
    assert.equal(await window.page.evaluate('document.cookie'), '');
    const stored = String(
      await window.page.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage })'),
    );
    assert.ok(!stored.includes(cookie?.value ?? ''), 'nothing of the session is where scripts look');

    const host = new URL(api.url).host;
    const secure = openBrowser(api.url, { 'x-forwarded-proto': 'https', origin: `https://${host}` });
    const body = { email: 'owner@example.com', password: PASSWORD };
    assert.equal((await secure.call('POST', '/app/v1/sign-in', { body })).status, 200);
    const [line = ''] = secure.lastCookies();
    assert.match(line, /^__Host-appflow_session=/);
    for (const flag of ['Secure', 'HttpOnly', 'SameSite=Lax', 'Path=/'])
      assert.ok(line.includes(`; ${flag}`), flag);
    assert.ok(!/domain=/i.test(line));
  },
);
