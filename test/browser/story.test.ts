import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { startServer } from '../../src/server/start.ts';
import { PASSWORD } from '../support/browser.ts';
import { browserTest, startChromium } from '../support/chromium.ts';
import { cleanUp } from '../support/clean-up.ts';
import { connect, makeConfig } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';

const server = await startServer(makeConfig());
cleanUp(server.stop);
const api = connect(server.url);
const chromium = startChromium();

const run = promisify(execFile);
const nav = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Project' }).getByRole('link', { name, exact: true }).click();
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });

/** Returns the text that the page just copied to the clipboard. */
async function readClipboard(page: Page): Promise<string> {
  const text = String(await page.evaluate('navigator.clipboard.readText()'));
  trackSecrets(text);
  return text;
}

/** Copies the secret and the command that the page shows only once, and closes the dialog. */
async function takeSecret(page: Page): Promise<{ key: string; curl: string }> {
  await button(page, 'Copy key').click();
  await button(page, 'Copied').waitFor();
  const key = await readClipboard(page);
  await button(page, 'Copy curl command').click();
  const curl = await readClipboard(page);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    button(page, 'Download .env').click(),
  ]);
  assert.ok(readFileSync(await download.path(), 'utf8').includes(`APPFLOW_API_KEY=${key}\n`));
  // The button looks disabled and explains why.
  await button(page, 'Done').click({ force: true });
  await page.getByText("You can't see it again").waitFor();
  await page.getByLabel('I have stored this key').click();
  await button(page, 'Done').click();
  await page.getByLabel('I have stored this key').waitFor({ state: 'detached' });
  return { key, curl };
}

async function createKey(
  page: Page,
  place: RegExp,
  name: string,
  confirm = async () => {},
): Promise<{ key: string; curl: string }> {
  await button(page, 'Create API key').first().click();
  await page.getByRole('button', { name: place }).click();
  await page.getByRole('dialog').getByLabel('Name').fill(name);
  await button(page, 'Create key').click();
  await confirm();
  return takeSecret(page);
}

const statusOf = async (key: string) => (await api.call('GET', '/v1/api-keys/self', { key })).status;

browserTest('leads from the setup link to keys that work, can be rotated, revoked and restored', async () => {
  const window = await chromium.open({ permissions: ['clipboard-read', 'clipboard-write'] });
  const { page, problems } = window;

  await page.goto(server.setupUrl ?? assert.fail('a setup link'));
  await page.getByLabel('Your name').fill('Owner');
  await page.getByLabel('Email').fill('owner@example.com');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await button(page, 'Create account').click();

  await page.getByLabel('Project name').fill('Notes');
  await page.getByLabel('App name').fill('Notes iOS');
  await button(page, 'Create project').click();
  trackSecrets((await page.getByLabel('API key').textContent()) ?? '');
  await button(page, 'Skip for now').click();

  await nav(page, 'API keys');
  const client = await createKey(page, /In a mobile or web app/, 'Production iOS');
  // Only keys that can read require the password first.
  const confirm = async () => {
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await button(page, 'Confirm').click();
  };
  const reader = await createKey(page, /In a dashboard or report/, 'Weekly report', confirm);
  await button(page, 'Create API key').click();
  await page.getByRole('button', { name: /In my backend/ }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Production backend');
  await button(page, 'Create key').click();
  const backend = await takeSecret(page);
  const keys = { client, reader, backend };
  assert.deepEqual(
    Object.values(keys).map(({ key }) => key.slice(0, 3)),
    ['ck_', 'ro_', 'sk_'],
  );

  await nav(page, 'Live');
  await page.getByText('Waiting for events').waitFor();
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
  const { stdout } = await run('bash', ['-c', client.curl]);
  const answeredAt = performance.now();
  assert.equal(JSON.parse(stdout).accepted, 1, stdout);
  await page.getByRole('button', { name: /app_open/ }).waitFor({ timeout: 1_000 });
  const seenMs = performance.now() - answeredAt;
  assert.ok(seenMs < 1_000, `The event showed ${Math.round(seenMs)} ms after its answer`);
  for (const { curl } of [reader, backend]) {
    const answer = JSON.parse((await run('bash', ['-c', curl])).stdout);
    assert.equal(answer.code, undefined, JSON.stringify(answer));
  }

  await nav(page, 'API keys');
  await page.getByRole('link', { name: 'Production backend' }).click();
  await button(page, 'Rotate secret').click();
  await page
    .getByRole('dialog', { name: /Rotate/ })
    .getByRole('button', { name: 'Rotate secret' })
    .click();
  const rotated = await takeSecret(page);
  assert.deepEqual([await statusOf(backend.key), await statusOf(rotated.key)], [200, 200]);
  await page.reload();
  await button(page, 'Expire old secret now').click();
  await button(page, 'Expire old secret').click();
  await page.getByText('The old secret no longer works.').waitFor();
  assert.deepEqual([await statusOf(backend.key), await statusOf(rotated.key)], [401, 200]);

  await button(page, 'Revoke key').click();
  await page
    .getByRole('alertdialog')
    .or(page.getByRole('dialog'))
    .last()
    .getByRole('button', { name: 'Revoke key' })
    .click();
  await page.getByText('Production backend is revoked.').waitFor();
  assert.equal(await statusOf(rotated.key), 401);
  await button(page, 'Undo').click();
  await page.getByText('Production backend is restored.').waitFor();
  assert.deepEqual([await statusOf(backend.key), await statusOf(rotated.key)], [401, 200]);
  assert.deepEqual(problems(), []);
});
