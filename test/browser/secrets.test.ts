import assert from 'node:assert/strict';
import type { Page, Route } from 'playwright-core';
import { totpCode } from '../../src/accounts/totp-code.ts';
import { join, setUp, stepUp } from '../support/browser.ts';
import { browserTest, enterAs, startChromium, type Window } from '../support/chromium.ts';
import { startTestServer } from '../support/harness.ts';
import { fromBase32 } from '../support/second-factor.ts';

const api = await startTestServer();
const { project_id } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
await stepUp(owner);
const chromium = startChromium();

const KEYS = `/app/v1/projects/${project_id}/api-keys`;
const at = (path: string) => `${api.url}/p/${project_id}${path}`;
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const isKeyWrite = (url: URL) => url.pathname.startsWith(KEYS);

async function openKeys(): Promise<Window> {
  const window = await chromium.open();
  await enterAs(window, owner);
  // Adds a page to the history, so that the browser can go back.
  await window.page.goto(at('/apps'));
  await window.page.getByRole('link', { name: 'API keys', exact: true }).click();
  await button(window.page, 'Create API key').waitFor();
  return window;
}

async function describeKey(page: Page, name: string): Promise<void> {
  await button(page, 'Create API key').click();
  await page.getByRole('button', { name: /In a mobile or web app/ }).click();
  await page.getByRole('dialog').getByLabel('Name').fill(name);
}

async function countKeys(name: string): Promise<number> {
  const { body } = await owner.call('GET', `${KEYS}?limit=200`);
  return body.data.filter((key: { name: string }) => key.name === name).length;
}

/** Delays responses to requests that change keys. Returns a function that releases them. */
async function delayAnswers(page: Page): Promise<() => void> {
  const gate = Promise.withResolvers<void>();
  await page.route(isKeyWrite, async (route: Route) => {
    if (route.request().method() === 'POST') await gate.promise;
    await route.continue();
  });
  return gate.resolve;
}

const secretOf = (page: Page) => page.getByRole('region', { name: 'The key' }).locator('output');

async function tryEveryWayOut(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await page.mouse.click(5, 5);
  await page.evaluate('history.back()');
}

browserTest(
  'shows the secret of a new key even if the user tried to leave while it was created',
  async () => {
    const { page, problems } = await openKeys();
    const release = await delayAnswers(page);
    await describeKey(page, 'Held');
    await button(page, 'Create key').click();
    await page.locator('[aria-busy=true]').waitFor();
    await tryEveryWayOut(page);
    await button(page, 'Close').click();
    release();
    await secretOf(page).waitFor();
    assert.match((await secretOf(page).textContent()) ?? '', /^ck_/);
    assert.deepEqual(problems(), []);
  },
);

browserTest('shows the new secret of a rotation even if the user tried to leave meanwhile', async () => {
  const { page, problems } = await openKeys();
  await page
    .getByRole('button', { name: /^Actions for/ })
    .first()
    .click();
  await page.getByRole('menuitem', { name: 'Rotate secret' }).click();
  const release = await delayAnswers(page);
  await button(page, 'Rotate secret').click();
  await page.locator('[aria-busy=true]').waitFor();
  await tryEveryWayOut(page);
  release();
  await page.getByRole('dialog', { name: 'Your new secret' }).waitFor();
  assert.deepEqual(problems(), []);
});

browserTest('keeps the secret on the page until the user confirms that it is stored', async () => {
  const { page, problems } = await openKeys();
  await describeKey(page, 'Stored');
  await button(page, 'Create key').click();
  const secret = await secretOf(page).textContent();
  await page.evaluate('history.back()');
  await page.getByText("You can't see it again").waitFor();
  await tryEveryWayOut(page);
  assert.equal(await secretOf(page).textContent(), secret);
  // "Back" has already changed the URL when the page blocks it, so the URL is restored.
  await page.waitForURL(/api-keys$/);

  await page.getByLabel('I have stored this key').click();
  await button(page, 'Done').click();
  await secretOf(page).waitFor({ state: 'detached' });
  // The focus returns to where it was before the first dialog.
  await button(page, 'Create API key').and(page.locator(':focus')).waitFor();
  await page.evaluate('history.back()');
  await page.getByRole('heading', { name: 'Apps' }).waitFor();
  assert.deepEqual(problems(), []);
});

browserTest('creates one key for two clicks, and for a retry after a lost response', async () => {
  const { page } = await openKeys();
  await describeKey(page, 'Once');
  let lost = 0;
  await page.route(isKeyWrite, async (route) => {
    if (route.request().method() !== 'POST' || lost > 0) return route.continue();
    lost += 1;
    await route.fetch();
    await route.abort();
  });
  await page.evaluate(
    "document.querySelectorAll('[type=submit]').forEach((it) => { it.click(); it.click(); })",
  );
  await page.getByText('The key may or may not have been created').waitFor();
  await page.getByText("It's safe to retry").waitFor();
  assert.equal(await countKeys('Once'), 1);
  await button(page, 'Create key').click();
  await secretOf(page).waitFor();
  assert.equal(await countKeys('Once'), 1);
});

browserTest(
  'keeps the list, the open sheet and unsaved input if a refresh fails or another user was faster',
  async () => {
    const made = await owner.call('POST', KEYS, { body: { name: 'Shared', type: 'client' } });
    const { page } = await openKeys();
    await page.getByRole('link', { name: 'Shared' }).click();
    await page.getByRole('tab', { name: 'Settings' }).click();
    const sheet = page.getByRole('dialog');
    await sheet.getByLabel('Name').fill('Mine');

    await page.route(isKeyWrite, (route) =>
      route.request().method() === 'GET' ? route.abort() : route.continue(),
    );
    const change = { body: { name: 'Theirs', bundle_ids: ['com.example.theirs'] } };
    await owner.call('PATCH', `${KEYS}/${made.body.id}`, change);
    await button(page, 'Save changes').click();
    await page.getByText('Out of date').waitFor();
    assert.equal(await sheet.getByLabel('Name').inputValue(), 'Mine');

    await page.unroute(isKeyWrite);
    await page.getByText('Retry').dispatchEvent('click');
    await sheet.getByText('Someone else edited these fields').waitFor();
    assert.equal(await sheet.getByLabel('Name').inputValue(), 'Mine');
    assert.equal(await sheet.getByLabel('Bundle IDs').inputValue(), 'com.example.theirs');
    await button(page, 'Use theirs').click();
    assert.equal(await sheet.getByLabel('Name').inputValue(), 'Theirs');
  },
);

browserTest(
  'shows the backup codes even if the user tried to leave while two-factor authentication was turned on',
  async () => {
    const window = await chromium.open();
    const analyst = await join(owner, project_id, 'analyst', 'Analyst');
    await stepUp(analyst);
    await enterAs(window, analyst);
    const { page, problems } = window;
    await page.goto(`${api.url}/account`);
    await button(page, 'Set up authenticator app').click();
    const dialog = page.getByRole('dialog', { name: 'Set up authenticator app' });
    const secret = (await dialog.locator('code').textContent()) ?? '';
    const gate = Promise.withResolvers<void>();
    await page.route('**/account/totp/confirm', async (route) => {
      await gate.promise;
      await route.continue();
    });
    await dialog
      .getByLabel('Code from the app')
      .fill(totpCode(fromBase32(secret.replaceAll(' ', '')), Date.now()));
    await button(page, 'Turn on').click();
    await page.locator('[aria-busy=true]').waitFor();
    await page.keyboard.press('Escape');
    gate.resolve();
    const codes = page.getByRole('dialog', { name: 'Save your backup codes' });
    await codes.waitFor();
    await page.keyboard.press('Escape');
    await codes.getByText("You can't see it again").waitFor();
    assert.ok((await codes.getByRole('listitem').count()) > 0);
    // The page behind the dialog is already updated.
    await page.getByText('On', { exact: true }).waitFor();
    assert.deepEqual(problems(), []);
  },
);
