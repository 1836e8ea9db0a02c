import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { setUp } from '../support/browser.ts';
import { browserTest, enterAs, startChromium, untilLoaded } from '../support/chromium.ts';
import { cleanUp } from '../support/clean-up.ts';
import { startTestServer } from '../support/harness.ts';

/** A folder for screenshots. */
const shots = process.env.APPFLOW_TEST_SHOTS;
if (shots !== undefined) mkdirSync(shots, { recursive: true });

const api = await startTestServer();
const { project_id, app_id, server_key } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
const chromium = startChromium();
const at = (path: string) => `${api.url}/p/${project_id}${path}`;

const sale = (id: string, user: string, country: string, revenue: string, currency: string) => ({
  event_id: id,
  event_name: 'purchase',
  app_user_id: user,
  properties: { revenue, currency },
  context: { platform: 'ios', country, app_version: '2.4.0' },
});
const EVENTS = [
  sale('s1', 'u1', 'US', '10.00', 'USD'),
  sale('s2', 'u2', 'DE', '7.50', 'EUR'),
  sale('s3', 'u1', 'FR', '2.50', 'EUR'),
  { event_id: 'a1', event_name: 'session_start', app_user_id: 'u3' },
  { event_id: 'a2', event_name: '$identify', app_user_id: 'u1', properties: { anonymous_id: 'anon_1' } },
];
const sent = await api.call('POST', '/v1/events', { key: server_key, body: { app_id, events: EVENTS } });
assert.equal(sent.body.accepted, EVENTS.length, sent.text);

async function enter(options = {}) {
  const window = await chromium.open(options);
  cleanUp(() => window.context.close());
  await enterAs(window, owner);
  return window;
}

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const card = (page: Page, label: string) => page.getByRole('listitem').filter({ hasText: label });
const keepPicture = async (page: Page, name: string) => {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
};

browserTest("shows the unique users of the range, today included, from an app's first event on", async () => {
  const { page } = await enter();
  await page.goto(at('/overview'));
  await untilLoaded(page);
  const users = card(page, 'Active users');
  await users.getByText('3', { exact: true }).waitFor();
  await users.getByText('No full day yet').waitFor();
  assert.equal(await page.getByText(/No change|From 0/).count(), 0);
  const events = page.getByRole('list', { name: 'Top events' });
  assert.match((await events.textContent()) ?? '', /^purchase, filter by it3/);
  assert.equal(await events.getByText(/session_start|identify/).count(), 0);
});

browserTest('shows revenue in each currency, on phones too, with shares of that currency', async () => {
  const { page, problems } = await enter(PHONE);
  await page.goto(at('/overview?by=revenue'));
  await untilLoaded(page);
  await card(page, 'Revenue').getByText('$10.00').waitFor();
  await page.getByLabel('Currency').selectOption('EUR');
  await card(page, 'Revenue').getByText('€10.00').waitFor();
  await page.getByRole('figure', { name: 'Revenue per day' }).waitFor();
  const countries = page.getByRole('list', { name: 'Countries' });
  await countries.getByText('Germany').waitFor();
  assert.equal(
    await countries.textContent(),
    'Germany, filter by it€7.5075.0%France, filter by it€2.5025.0%',
  );
  assert.equal(new URL(page.url()).searchParams.get('currency'), 'EUR');
  await keepPicture(page, 'overview-eur-390');
  await page.reload();
  await card(page, 'Revenue').getByText('€10.00').waitFor();
  assert.deepEqual(problems(), []);
});

/** Taps the middle of an element, at a share of its width. */
async function tapAt(page: Page, target: Locator, share: number): Promise<void> {
  await target.scrollIntoViewIfNeeded();
  const box = (await target.boundingBox()) ?? assert.fail('visible');
  await page.touchscreen.tap(box.x + box.width * share, box.y + box.height / 2);
}

browserTest('keeps the value of a tapped day or minute until the next tap', async () => {
  const { page } = await enter(PHONE);
  await page.goto(at('/overview?metric=events'));
  await untilLoaded(page);
  await tapAt(page, page.getByRole('figure', { name: 'Events per day' }).getByRole('slider'), 0.99);
  const value = page.getByRole('figure').getByText(/\(so far\)/);
  await value.waitFor();
  await keepPicture(page, 'overview-tapped-390');
  await tapAt(page, page.getByRole('heading', { name: 'Breakdown' }), 0.5);
  await value.waitFor({ state: 'detached' });

  await page.goto(at('/live'));
  await untilLoaded(page);
  const minutes = page.getByRole('list', { name: 'Events per minute, oldest first' });
  await tapAt(page, minutes, 0.02);
  await minutes.getByText(/· 29 minutes ago/).waitFor();
  await tapAt(page, minutes, 0.98);
  await minutes.getByText(/· last 60 seconds/).waitFor();
});

browserTest('leads from a country, platform or version to its events', async () => {
  const { page, problems } = await enter();
  for (const [list, name, filter] of [
    ['Countries', 'Germany', 'Country is Germany'],
    ['Platforms', 'iOS', 'Platform is iOS'],
    ['App versions', '2.4.0', 'App version is 2.4.0'],
    ['Top events', 'purchase', 'Event name is purchase'],
  ] as const) {
    await page.goto(at('/overview'));
    await untilLoaded(page);
    await page
      .getByRole('list', { name: list })
      .getByRole('link', { name: `Events of ${name}` })
      .click();
    await page.getByRole('button', { name: `Remove the filter ${filter}` }).waitFor();
    await untilLoaded(page);
    const rows = page.getByRole('table').getByRole('row', { name: /purchase/ });
    assert.equal(await rows.count(), name === 'Germany' ? 1 : 3, name);
  }
  assert.deepEqual(problems(), []);
});

browserTest('shows events as cards on phones, with all that the table shows', async () => {
  const { page } = await enter(PHONE);
  await page.goto(at('/events'));
  await untilLoaded(page);
  assert.equal(await page.getByRole('table').count(), 0);
  const sold = page.getByRole('listitem').filter({ hasText: 'u2' });
  for (const part of ['€7.50', 'iOS · DE · 2.4.0', 'currency: EUR']) await sold.getByText(part).waitFor();
  const box = (await sold.boundingBox()) ?? assert.fail('visible');
  assert.ok(box.x >= 0 && box.x + box.width <= 390, 'within the screen');
  await sold.getByRole('button', { name: 'purchase' }).click();
  await page.getByRole('dialog').getByText('Occurred').waitFor();
});

browserTest('never covers the button that saves with the message that it saved', async () => {
  for (const viewport of [PHONE.viewport, { width: 1440, height: 900 }]) {
    const { page } = await enter({ viewport });
    await page.goto(at('/settings/project'));
    await page.getByLabel('Project name').fill(`Renamed ${viewport.width}`);
    const save = page.getByRole('button', { name: 'Save name' });
    const button = (await save.boundingBox()) ?? assert.fail('visible');
    await save.click();
    const toast = page.locator('[data-sonner-toast][data-mounted=true]');
    await toast.waitFor();
    const message = (await toast.boundingBox()) ?? assert.fail('visible');
    assert.ok(
      message.y + message.height <= button.y || message.y >= button.y + button.height,
      `${viewport.width}`,
    );
    assert.ok(message.y < viewport.height / 2, 'dialogs and panels save at the bottom');
    await keepPicture(page, `toast-${viewport.width}`);
  }
});

// "Created in 5 minutes": the server's clock is ahead of the browser's.
browserTest('shows no past time in the future, and refreshes times when data arrives', async () => {
  const { page } = await enter();
  const nowMs = Date.now();
  await page.clock.setFixedTime(nowMs - 5 * 60_000);
  await page.goto(at('/apps'));
  await untilLoaded(page);
  const rows = page.getByRole('table', { name: 'Apps' }).getByRole('row');
  await rows.nth(1).getByText('just now').waitFor();
  await page.clock.setFixedTime(nowMs + 3_600_000);
  await page.getByRole('button', { name: 'Add app' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Second');
  await page.getByRole('dialog').getByRole('button', { name: 'Add app' }).click();
  await page.getByText('Second', { exact: true }).first().waitFor();
  // Well before the clock's own tick of 15 seconds.
  await rows.nth(1).getByText('1 hour ago').waitFor({ timeout: 5_000 });
});
