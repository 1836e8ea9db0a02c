import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { startServer } from '../../src/server/start.ts';
import { PASSWORD } from '../support/browser.ts';
import { browserTest, findViolationsIn, startChromium } from '../support/chromium.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeConfig } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';

/** A folder for a screenshot of every step. */
const shots = process.env.APPFLOW_TEST_SHOTS;
if (shots !== undefined) mkdirSync(shots, { recursive: true });

const server = await startServer(makeConfig());
cleanUp(server.stop);
const chromium = startChromium();
const run = promisify(execFile);
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });

/** Returns the accessibility problems of a step, in both themes and on a phone. */
async function inspectStep(page: Page, name: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const [width, height] of [
    [1440, 900],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const theme of ['light', 'dark'] as const) {
      const violations = await findViolationsIn(page, theme);
      wrong.push(...violations.map((violation) => `${name} ${width} ${theme}: ${violation}`));
      if (shots)
        await page.screenshot({ path: join(shots, `${name}-${width}-${theme}.png`), fullPage: true });
    }
    const tooWide = (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
    if (tooWide > 0) wrong.push(`${name}: scrolls sideways by ${tooWide} px`);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  return wrong;
}

browserTest(
  'leads from the setup link over the first project to its first event, without a detour',
  async () => {
    const { page, problems } = await chromium.open({
      permissions: ['clipboard-read', 'clipboard-write'],
      reducedMotion: 'reduce',
      // V8 calls this zone by its old name.
      timezoneId: 'Asia/Calcutta',
    });
    const visited = new Set<string>();
    page.on('framenavigated', (frame) => visited.add(new URL(frame.url()).pathname));
    const wrong: string[] = [];

    // Another server had this address before, and the browser remembers its project.
    await page.addInitScript(
      "localStorage.getItem('appflow-last-project') ?? localStorage.setItem('appflow-last-project', 'proj_old')",
    );
    await page.goto(server.setupUrl ?? assert.fail('a setup link'));
    await page.getByLabel('Your name').fill('Owner');
    wrong.push(...(await inspectStep(page, 'first-run-account')));
    await page.getByLabel('Email').fill('owner@example.com');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await button(page, 'Create account').click();

    await page.getByRole('heading', { level: 1, name: 'Create your first project' }).waitFor();
    const zone = page.getByRole('combobox', { name: 'Time zone' });
    assert.equal(await zone.textContent(), 'Asia/Kolkata');
    await zone.click();
    await page.keyboard.type('york');
    await page.getByRole('option', { name: 'America/New York' }).waitFor();
    wrong.push(...(await inspectStep(page, 'first-run-zones')));
    await page.keyboard.press('Enter');
    await page.getByRole('listbox').waitFor({ state: 'detached' });
    assert.equal(await zone.textContent(), 'America/New York');
    await page.getByLabel('Project name').fill('Notes');
    await page.getByLabel('App name').fill('Notes Web');
    await page.getByLabel('Platform').selectOption('web');
    wrong.push(...(await inspectStep(page, 'first-run-project')));
    await button(page, 'Create project').click();

    await page.getByRole('heading', { level: 1, name: 'Send your first event' }).waitFor();
    trackSecrets((await page.getByLabel('API key').textContent()) ?? '');
    await page.getByText('Waiting for your first event').waitFor();
    wrong.push(...(await inspectStep(page, 'first-run-waiting')));
    await page.getByRole('link', { name: 'Appflow' }).click();
    await page.getByText("The key can't be shown again").waitFor();

    await page.getByRole('radio', { name: 'JavaScript' }).click();
    await page.getByText("appflow.track('app_open');").waitFor();
    await page.getByRole('radio', { name: 'curl' }).click();
    await button(page, 'Copy snippet').click();
    const command = String(await page.evaluate('navigator.clipboard.readText()'));
    const { stdout } = await run('bash', ['-c', command]);
    assert.equal(JSON.parse(stdout).accepted, 1, stdout);
    await page.getByText('First event received: app_open').waitFor();
    wrong.push(...(await inspectStep(page, 'first-run-received')));

    await page.getByRole('link', { name: 'Open Overview' }).click();
    const users = page.getByRole('listitem').filter({ hasText: 'Active users' });
    await users.getByText('No full day yet').waitFor();
    await users.getByText('1', { exact: true }).waitFor();
    assert.match((await users.textContent()) ?? '', /^Active users.*1No full day yet/s);
    await page.getByText('Days in America/New_York').waitFor();
    assert.deepEqual(
      [...visited].filter(
        (path) => path !== '/setup' && path !== '/' && path !== '/new-project' && !path.endsWith('/overview'),
      ),
      [],
    );
    assert.deepEqual([...wrong, ...problems()], []);
  },
);
