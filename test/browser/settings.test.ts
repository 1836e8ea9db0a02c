import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { join, openBrowser, PASSWORD, setUp, stepUp } from '../support/browser.ts';
import { browserTest, enterAs, startChromium, type Window } from '../support/chromium.ts';
import { startTestServer } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';
import { enableTotp } from '../support/second-factor.ts';

const api = await startTestServer({ TRUSTED_PROXIES: '127.0.0.0/8' });
const { project_id } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
await stepUp(owner);
const chromium = startChromium();

const PATH = `/app/v1/projects/${project_id}`;
const button = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name, exact: typeof name === 'string' });

async function open(path: string, who = owner): Promise<Window> {
  const window = await chromium.open();
  await enterAs(window, who);
  await window.page.goto(`${api.url}${path}`);
  return window;
}
const openSettings = (path: string) => open(`/p/${project_id}/settings/${path}`);

async function createKey(fields: object) {
  const { body, text } = await owner.call('POST', `${PATH}/api-keys`, { body: fields });
  assert.ok(body.key, text);
  return body as { id: string; key: string; hint: string };
}
const statusOf = async (key: string) => (await api.call('GET', '/v1/api-keys/self', { key })).status;

browserTest(
  'asks before an old secret is expired, and says when and from where it was last used',
  async () => {
    const old = await createKey({ name: 'Rotated', type: 'server', scopes: ['apps:read'] });
    await owner.call('POST', `${PATH}/api-keys/${old.id}/rotate`, { body: {} });
    assert.equal(await statusOf(old.key), 200);
    const { page, problems } = await openSettings(`api-keys?key=${old.id}`);
    await button(page, 'Expire old secret now').click();
    const dialog = page.getByRole('dialog', { name: 'Expire the old secret now?' });
    await dialog.getByText('Something still uses the old secret').waitFor();
    await dialog.getByText(/Last used .* from 127\.0\.0\.1/).waitFor();
    await dialog.getByText(old.hint).waitFor();
    await button(page, 'Cancel').click();
    assert.equal(await statusOf(old.key), 200, 'nothing happens without the confirmation');
    await button(page, 'Expire old secret now').click();
    await button(page, 'Expire old secret').click();
    await page.getByText('The old secret no longer works.').waitFor();
    assert.equal(await statusOf(old.key), 401);
    assert.deepEqual(problems(), []);
  },
);

browserTest('disables and enables a key from the menu of its row', async () => {
  const made = await createKey({ name: 'Switched', type: 'client' });
  const { page, problems } = await openSettings('api-keys');
  const choose = async (item: string) => {
    await button(page, 'Actions for Switched').click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  await choose('Disable key');
  await page.getByText('Switched is disabled.').waitFor();
  assert.equal(await statusOf(made.key), 401);
  await choose('Enable key');
  await page.getByText('Switched is enabled.').waitFor();
  assert.equal(await statusOf(made.key), 200);
  assert.deepEqual(problems(), []);
});

browserTest('shows that a key was used while its secret was shown as soon as the dialog closes', async () => {
  const { page, problems } = await openSettings('api-keys');
  await button(page, 'Create API key').click();
  await button(page, /In a mobile or web app/).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Tried');
  await button(page, 'Create key').click();
  const secret = await page.getByRole('region', { name: 'The key' }).locator('output').textContent();
  trackSecrets(secret ?? '');
  const row = page.getByRole('row', { name: /Tried/ });
  assert.equal(await statusOf(secret ?? ''), 200);
  await page.getByLabel('I have stored this key').click();
  await button(page, 'Done').click();
  await row.getByText('Never', { exact: true }).waitFor({ state: 'detached', timeout: 5_000 });
  assert.deepEqual(problems(), []);
});

browserTest('keeps the restrictions open while their last entry is cleared', async () => {
  const made = await createKey({ name: 'Restricted', type: 'client', bundle_ids: ['com.example'] });
  const { page } = await openSettings(`api-keys?key=${made.id}&tab=settings`);
  const entries = page.getByLabel('Bundle IDs');
  await entries.fill('');
  await entries.pressSequentially('org.example');
  assert.equal(await entries.inputValue(), 'org.example');
  await page.getByText('Restrictions and limits').click();
  await entries.waitFor({ state: 'hidden' });
});

browserTest('shows a mistake in words beside its field, even in a closed section', async () => {
  const { page } = await openSettings('api-keys');
  await button(page, 'Create API key').click();
  await button(page, /In a mobile or web app/).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Mistaken');
  await page.getByText('Restrictions and limits').click();
  await dialog.getByLabel('IP addresses').fill('203.0.113.7\nnowhere');
  await page.getByText('Restrictions and limits').click();
  await button(page, 'Create key').click();
  const field = dialog.getByLabel('IP addresses');
  await field.and(page.locator('[aria-invalid=true]')).waitFor();
  const described = await field.getAttribute('aria-describedby');
  const text = await page.locator(`[id="${described}"]`).textContent();
  assert.match(text ?? '', /^Entry 2 must be an IP address or CIDR/);
  assert.doesNotMatch((await dialog.textContent()) ?? '', /ip_allowlist/);
});

browserTest('deletes a project after its name was typed, and restores it from the account page', async () => {
  const made = await owner.call('POST', '/app/v1/projects', { body: { name: 'Short-lived' } });
  const { page, problems } = await open(`/p/${made.body.id}/settings/project`);
  await button(page, 'Delete project').click();
  const dialog = page.getByRole('dialog', { name: 'Delete Short-lived?' });
  const confirm = dialog.getByRole('button', { name: 'Delete project' });
  await dialog.getByRole('textbox').fill('Short');
  assert.equal(await confirm.isDisabled(), true);
  await dialog.getByRole('textbox').fill('Short-lived');
  await confirm.click();
  await page.getByRole('heading', { name: 'Deleted projects' }).waitFor();
  assert.equal(await button(page, 'Leave Short-lived').count(), 0);
  await button(page, 'Restore Short-lived').click();
  await button(page, 'Leave Short-lived').waitFor();
  await page.getByRole('heading', { name: 'Deleted projects' }).waitFor({ state: 'detached' });
  assert.deepEqual(problems(), []);
});

browserTest('offers deletion to owners only', async () => {
  const admin = await join(owner, project_id, 'admin', 'Admin');
  const { page } = await open(`/p/${project_id}/settings/project`, admin);
  await page.getByRole('heading', { name: 'About' }).waitFor();
  assert.equal(await button(page, 'Delete project').count(), 0);
});

browserTest('asks for a code beside the password once two-factor authentication is on', async () => {
  const careful = await join(owner, project_id, 'analyst', 'Careful');
  const { backupCodes } = await enableTotp(careful, Date.now());
  const browser = openBrowser(api.url);
  await browser.call('POST', '/app/v1/sign-in', {
    body: { email: 'careful@example.com', password: PASSWORD },
  });
  await browser.call('POST', '/app/v1/sign-in/totp', { body: { code: backupCodes[0] } });
  const { page, problems } = await open('/account', browser);
  await button(page, 'Turn off').click();
  await page
    .getByRole('dialog', { name: /Turn off/ })
    .getByRole('button', { name: 'Turn off' })
    .click();
  const confirmation = page.getByRole('dialog', { name: "Confirm it's you" });
  await confirmation.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await confirmation.getByLabel('Authenticator code').fill(backupCodes[1] ?? '');
  await button(page, 'Confirm').click();
  await page.getByText('Two-factor authentication is off.').waitFor();
  assert.deepEqual(problems(), []);
});

browserTest('names who did what in the audit log, and filters it by actor and address', async () => {
  const stranger = openBrowser(api.url, { 'x-forwarded-for': '203.0.113.9' });
  const body = { email: 'owner@example.com', password: 'wrong password 1' };
  await stranger.call('POST', '/app/v1/sign-in', { body });
  const { page, problems } = await openSettings('audit-log?action=authentication.failed');
  const row = page.getByRole('row').filter({ hasText: '203.0.113.9' });
  // Failures are written a few seconds later.
  for (let tries = 0; tries < 20 && (await row.count()) === 0; tries += 1) {
    await page.waitForTimeout(500);
    await page.reload();
    await page.getByRole('heading', { name: 'Audit log' }).waitFor();
  }
  await row.getByText('Unknown (tried your account)').waitFor();
  await page.getByLabel('Action').selectOption('');
  await page.getByLabel('IP address').fill('203.0.113.9');
  await page.keyboard.press('Enter');
  await page.waitForURL(/ip=203\.0\.113\.9/);
  await page.getByRole('row').nth(1).waitFor();
  assert.equal(await page.getByRole('row').count(), 2);
  await page.getByLabel('IP address').fill('');
  await page.keyboard.press('Enter');
  await page.getByLabel('Actor').selectOption({ label: 'Command line' });
  await page.getByRole('link', { name: 'Command line' }).first().waitFor();
  assert.equal(await page.getByRole('link', { name: 'You', exact: true }).count(), 0);
  assert.deepEqual(problems(), []);
});
