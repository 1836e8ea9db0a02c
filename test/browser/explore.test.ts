import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { setUp } from '../support/browser.ts';
import { browserTest, enterAs, findViolationsIn, startChromium, untilLoaded } from '../support/chromium.ts';
import { cleanUp } from '../support/clean-up.ts';
import { startTestServer } from '../support/harness.ts';

/** A folder for screenshots. */
const shots = process.env.APPFLOW_TEST_SHOTS;
if (shots !== undefined) mkdirSync(shots, { recursive: true });

const api = await startTestServer();
const { project_id, app_id, server_key: key } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
const chromium = startChromium();
const at = (path: string) => `${api.url}/p/${project_id}${path}`;
const DAY_MS = 86_400_000;
const dayOf = (daysAgo: number) => new Date(Date.now() - daysAgo * DAY_MS).toISOString().slice(0, 10);

const second = await api.call('POST', '/v1/apps', { key, body: { name: 'Second', platform: 'web' } });
const secondId: string = second.body.id;

const visit = (id: string, app: string, country: string, daysAgo: number, properties = {}) => ({
  event_id: id,
  event_name: 'visit',
  app_id: app,
  app_user_id: `u-${id}`,
  timestamp: new Date(Date.now() - daysAgo * DAY_MS - 1_000).toISOString(),
  properties,
  context: { country },
});
const EVENTS = [
  visit('a', app_id, 'DE', 0, { price: 5, plan: 'pro' }),
  visit('b', app_id, 'DE', 1, { price: 15, plan: 'free' }),
  visit('c', app_id, 'US', 1, { price: 25 }),
  visit('d', app_id, 'US', 40, { price: 35 }),
  visit('e', secondId, 'FR', 0),
  { ...visit('f', app_id, 'US', 0), event_name: 'sign_up' },
];
const sent = await api.call('POST', '/v1/events', { key, body: { events: EVENTS } });
assert.equal(sent.body.accepted, EVENTS.length, sent.text);

async function enter(options = {}) {
  const window = await chromium.open(options);
  cleanUp(() => window.context.close());
  await enterAs(window, owner);
  return window;
}

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const card = (page: Page, label: string) => page.getByRole('listitem').filter({ hasText: label });
const searchOf = (page: Page) => new URL(page.url()).searchParams;

async function open(page: Page, path: string): Promise<void> {
  await page.goto(at(path));
  await untilLoaded(page);
}

/** Keeps pictures, and finds no violation in either theme. */
async function inspect(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    assert.deepEqual(await findViolationsIn(page, colorScheme), [], `${name} ${colorScheme}`);
    if (shots) await page.screenshot({ path: join(shots, `${name}-${colorScheme}.png`) });
  }
}

browserTest('Overview: a click on a value filters everything, and another removes the filter', async () => {
  const { page, problems } = await enter();
  await open(page, `/overview?app=${app_id}&metric=events`);
  await card(page, 'Events').getByText('4', { exact: true }).waitFor();
  await page.getByRole('list', { name: 'Countries' }).getByRole('button', { name: 'Germany' }).click();
  await card(page, 'Events').getByText('2', { exact: true }).waitFor();
  assert.deepEqual(searchOf(page).get('filter'), '["country:DE"]');
  await page.getByRole('button', { name: 'Add filter' }).click();
  await page.getByLabel('Filter by').selectOption('property');
  await page.getByLabel('Property name').fill('plan');
  await page.getByLabel('Property value').fill('pro');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await card(page, 'Events').getByText('1', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Remove the filter Country is Germany' }).click();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await card(page, 'Events').getByText('4', { exact: true }).waitFor();
  assert.deepEqual(problems(), []);
});

browserTest('Overview: shows named ranges, weeks, all apps, and no comparison if it is off', async () => {
  const { page, problems } = await enter();
  await open(page, `/overview?app=${app_id}&metric=events`);
  await page.getByLabel('Range').selectOption('yesterday');
  await card(page, 'Events').getByText('2', { exact: true }).waitFor();
  assert.equal(searchOf(page).get('range'), 'yesterday');
  await page.getByLabel('Range').selectOption('30d');
  await page.getByText(/^Compared with/).waitFor();
  await page.getByLabel('Compare with the previous period').click();
  await page.getByText(/^Compared with/).waitFor({ state: 'detached' });
  await page.getByRole('radio', { name: 'Week' }).click();
  await page.getByRole('figure', { name: 'Events per week' }).waitFor();
  await page.getByRole('main').getByLabel('App', { exact: true }).selectOption('all');
  await card(page, 'Events').getByText('5', { exact: true }).waitFor();
  await page.reload();
  await page.getByRole('figure', { name: 'Events per week' }).waitFor();
  await card(page, 'Events').getByText('5', { exact: true }).waitFor();
  // People are counted for each week; the sessions of several days may be the same.
  await page.getByRole('button', { name: /^Active users/ }).click();
  await page.getByRole('figure', { name: 'Active users per week' }).waitFor();
  await page.getByRole('button', { name: /^Sessions/ }).click();
  await page.getByRole('figure', { name: 'Sessions per day' }).waitFor();
  await page.getByRole('radio', { name: 'Hour' }).click();
  await page.getByRole('figure', { name: 'Sessions per hour' }).waitFor();
  await page.getByLabel('Range').selectOption('90d');
  await page.getByRole('figure', { name: 'Sessions per day' }).waitFor();
  assert.equal(await page.getByRole('radio', { name: 'Hour' }).count(), 0);
  assert.deepEqual(problems(), []);
});

browserTest('Overview: names a day, shows it on the chart, and downloads what it shows', async () => {
  const { page, problems } = await enter();
  await open(page, `/overview?app=${app_id}&metric=events&range=7d`);
  await page.getByRole('button', { name: 'Annotations' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Date').fill(dayOf(1));
  await dialog.getByLabel('What happened').fill('Version 2.4');
  await inspect(page, 'annotate');
  await dialog.getByRole('button', { name: 'Add annotation' }).click();
  await page.getByRole('list', { name: 'Annotations' }).getByText('Version 2.4').waitFor();
  await inspect(page, 'overview');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download CSV' }).click(),
  ]);
  assert.equal(download.suggestedFilename(), `metrics-${dayOf(6)}-${dayOf(0)}.csv`);
  const csv = readFileSync(await download.path(), 'utf8').split('\r\n');
  assert.equal(csv[0], 'day,dau,new_users,sessions,events,revenue_usd,previous_from,previous_events');
  assert.equal(csv[6], `${dayOf(1)},2,2,0,2,0,${dayOf(8)},0`);
  await page.getByRole('button', { name: 'Annotations' }).click();
  await dialog.getByRole('button', { name: 'Delete Version 2.4' }).click();
  await dialog.getByText('Version 2.4').waitFor({ state: 'detached' });
  assert.deepEqual(problems(), []);
});

browserTest('Events: finds a property by an operator, and counts the events found above them', async () => {
  const { page, problems } = await enter();
  await open(page, `/events?app=${app_id}`);
  const chart = page.getByRole('list', { name: 'Events per day, oldest first' });
  await chart
    .getByText(/^2 events/)
    .first()
    .waitFor();
  await page.getByLabel('Filter by').selectOption('property');
  await page.locator('datalist option[value=price]').waitFor({ state: 'attached' });
  await page.getByLabel('Property name').fill('price');
  await page.getByLabel('Operator').selectOption('gt');
  await page.getByLabel('Property value').fill('14.5');
  await page.getByRole('button', { name: 'Add filter' }).click();
  await page.getByRole('button', { name: 'Remove the filter price is greater than 14.5' }).waitFor();
  await page
    .getByRole('status')
    .filter({ hasText: /^3 events$/ })
    .waitFor();
  assert.equal(searchOf(page).get('where'), '["price:gt:14.5"]');
  await page.getByLabel('Range').selectOption('yesterday');
  await page
    .getByRole('status')
    .filter({ hasText: /^2 events$/ })
    .waitFor();
  await page.getByRole('list', { name: 'Events per hour, oldest first' }).waitFor();
  await inspect(page, 'events');
  assert.deepEqual(problems(), []);
});

browserTest('Events: saves a view, opens it again, and deletes it', async () => {
  const { page, problems } = await enter();
  await open(page, `/events?app=${app_id}&country=DE&range=30d`);
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitem', { name: 'Save this view' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Germany');
  await page.getByRole('dialog').getByRole('button', { name: 'Save view' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await open(page, '/events');
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitem', { name: 'Germany' }).click();
  await page.getByRole('button', { name: 'Remove the filter Country is Germany' }).waitFor();
  assert.equal(searchOf(page).get('range'), '30d');
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('menuitem', { name: 'Manage views' }).click();
  await inspect(page, 'manage-views');
  await page.getByRole('button', { name: 'Delete Germany' }).click();
  await page.getByText('No saved views').waitFor();
  assert.deepEqual(problems(), []);
});

browserTest('Live: shows all apps or what passes the filters, and leads to the events', async () => {
  const { page, problems } = await enter();
  await open(page, '/live');
  await page.getByRole('main').getByLabel('App', { exact: true }).selectOption('all');
  const stream = page.getByRole('list', { name: 'Events, newest first' });
  await stream.getByText('u-e').waitFor();
  await page.getByRole('button', { name: 'Add filter' }).click();
  await page.getByLabel('Filter by').selectOption('country');
  await page
    .getByRole('textbox', { name: 'Country' })
    .or(page.getByRole('combobox', { name: 'Country' }))
    .fill('DE');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('button', { name: 'Remove the filter Country is Germany' }).waitFor();
  await stream.getByText('u-a').waitFor();
  assert.equal(await stream.getByText('u-e').count(), 0);
  const more = [visit('g', app_id, 'US', 0), visit('h', app_id, 'DE', 0)];
  await page.getByRole('status').getByText('Live').waitFor();
  await api.call('POST', '/v1/events', { key, body: { events: more } });
  await stream.getByText('u-h').waitFor();
  assert.equal(await stream.getByText('u-g').count(), 0);
  await inspect(page, 'live');
  await page
    .getByRole('list', { name: 'Top events in the last 30 minutes' })
    .getByRole('link', { name: 'visit' })
    .click();
  await page.getByRole('button', { name: 'Remove the filter Event name is visit' }).waitFor();
  await page.getByRole('button', { name: 'Remove the filter Country is Germany' }).waitFor();
  assert.equal(searchOf(page).get('apps'), 'all');
  assert.deepEqual(problems(), []);
});

browserTest(
  'the palette opens pages, apps, keys and actions by keyboard, and returns the focus',
  async () => {
    const { page, problems } = await enter();
    await open(page, '/overview');
    const field = page.getByRole('combobox', { name: 'Search pages' });
    await page.keyboard.press('Control+k');
    await field.waitFor();
    await inspect(page, 'palette');
    await field.fill('audit');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Audit log', level: 1 }).waitFor();

    await page.getByRole('button', { name: 'Search' }).click();
    await field.fill('nothing is called this');
    assert.equal(await page.getByRole('option').count(), 1, 'a user may be called so');
    await page.keyboard.press('Escape');
    await field.waitFor({ state: 'detached' });
    assert.equal(await page.evaluate("document.activeElement.textContent.startsWith('Search')"), true);

    await page.keyboard.press('Control+k');
    await field.fill('second');
    await page.getByRole('option', { name: 'Second', exact: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('app') === secondId);

    await page.keyboard.press('Control+k');
    await field.fill('create key');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Where will this key live?' }).waitFor();
    assert.deepEqual(problems(), []);
  },
);

browserTest('everything fits on a phone', async () => {
  const { page } = await enter(PHONE);
  await open(page, `/overview?app=${app_id}&filter=${encodeURIComponent('["country:DE"]')}`);
  await inspect(page, 'overview-390');
  await open(page, `/events?app=${app_id}&where=${encodeURIComponent('["price:gt:1"]')}`);
  await inspect(page, 'events-390');
  await page.getByRole('button', { name: 'Open navigation' }).tap();
  await page.getByRole('dialog').getByRole('button', { name: 'Search' }).tap();
  await page.getByRole('combobox', { name: 'Search pages' }).waitFor();
  await inspect(page, 'palette-390');
  for (const path of ['/overview', '/events', '/live']) {
    await open(page, path);
    const isWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
    assert.equal(isWide, false, path);
  }
});
