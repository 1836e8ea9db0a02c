import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { addressOf } from '../../dashboard/docs/layout.ts';
import { buildPages } from '../../dashboard/docs/site.ts';
import { browserTest, findViolations, findViolationsIn, startChromium } from '../support/chromium.ts';
import { startTestServer } from '../support/harness.ts';

/** A folder for a screenshot of every page. */
const shots = process.env.APPFLOW_TEST_SHOTS;
if (shots !== undefined) mkdirSync(shots, { recursive: true });

const { url } = await startTestServer();
const chromium = startChromium();
const addresses = buildPages().map(({ slug }) => addressOf(slug));
const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 844 };

/** Axe is slow on long pages: these have every kind of content. */
const CHECKED = ['/docs', '/docs/metrics', '/docs/api', '/docs/api/apps'];

async function findOverflow(page: Page, name: string): Promise<string[]> {
  const tooWide = (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
  return tooWide > 0 ? [`${name}: scrolls sideways by ${tooWide} px`] : [];
}

/** Opens every page in a theme, wide and then narrow, and returns every problem found. */
async function inspect(colorScheme: 'light' | 'dark'): Promise<string[]> {
  const { context, page, problems } = await chromium.open({ colorScheme, reducedMotion: 'reduce' });
  const wrong: string[] = [];
  for (const address of addresses) {
    await page.setViewportSize(WIDE);
    await page.goto(url + address);
    const headings = await page.locator('h1').count();
    if (headings !== 1) wrong.push(`${address}: ${headings} headings of the first level`);
    for (const viewport of [WIDE, NARROW]) {
      await page.setViewportSize(viewport);
      const name = `${address} ${viewport.width} ${colorScheme}`;
      wrong.push(...(await findOverflow(page, name)));
      const path = shots && join(shots, `${name.replaceAll(/\W+/g, '-')}.png`);
      if (path !== undefined) await page.screenshot({ path });
    }
  }
  await context.close();
  return [...wrong, ...problems()];
}

browserTest(
  'shows every page in both themes, wide and narrow, without errors or requests to other hosts',
  async () => {
    assert.deepEqual((await Promise.all([inspect('light'), inspect('dark')])).flat(), []);
  },
);

browserTest('has no accessibility violations', async () => {
  const { page } = await chromium.open({ viewport: WIDE, reducedMotion: 'reduce' });
  for (const address of CHECKED) {
    await page.goto(url + address);
    assert.deepEqual(await findViolationsIn(page, 'light'), [], address);
    assert.deepEqual(await findViolationsIn(page, 'dark', ['color-contrast']), [], address);
  }
});

browserTest('finds a section by keyboard, and nothing for nonsense', async () => {
  const { page, problems } = await chromium.open();
  await page.goto(`${url}/docs`);
  await page.keyboard.press('/');
  const input = page.getByRole('combobox', { name: 'Search the docs' });
  await input.fill('rotate without downtime');
  await page.getByRole('option', { name: /Rotate without downtime/ }).waitFor();
  assert.deepEqual(await findViolations(page), []);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/docs/authentication#rotate-without-downtime');
  await page.keyboard.press('Control+k');
  await input.fill('too_many_failed');
  await page
    .getByRole('option', { name: /too_many_failed_authentications/ })
    .first()
    .waitFor();
  await input.fill('zzzzqqqq');
  await page.getByText('No results').waitFor();
  assert.deepEqual(problems(), []);
});

browserTest('copies a request in the chosen language, with the address of this server', async () => {
  const { context, page, problems } = await chromium.open({
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await page.goto(`${url}/docs/api/analytics`);
  const request = page.locator('#getDailyMetrics .request');
  await request.getByLabel('Language').selectOption('swift');
  await request.getByRole('button', { name: 'Copy' }).click();
  await request.getByRole('button', { name: 'Copied' }).waitFor();
  const copied = (await page.evaluate('navigator.clipboard.readText()')) as string;
  assert.ok(copied.includes(`URL(string: "${url}/v1/analytics/daily?days=7")`), copied);
  await page.goto(`${url}/docs/api/users`);
  assert.equal(
    await page.locator('#listUsers pre[data-language=swift]').isVisible(),
    true,
    'the choice is kept',
  );
  assert.deepEqual(problems(), []);
  await context.close();
});

browserTest('opens the navigation on phones', async () => {
  const { page, problems } = await chromium.open({ viewport: NARROW });
  await page.goto(`${url}/docs/metrics`);
  const link = page.getByRole('navigation', { name: 'Documentation' }).getByRole('link', { name: 'Privacy' });
  assert.equal(await link.isVisible(), false);
  await page.getByRole('button', { name: 'Open navigation' }).click();
  await link.click();
  await page.waitForURL('**/docs/privacy');
  assert.deepEqual(problems(), []);
});

browserTest('answers an unknown page with 404 and a page that says so', async () => {
  const { page } = await chromium.open();
  const response = await page.goto(`${url}/docs/no-such-page`);
  assert.equal(response?.status(), 404);
  await page.getByRole('heading', { name: 'Page not found' }).waitFor();
});
