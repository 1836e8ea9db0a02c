import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Locator, Page } from 'playwright-core';
import { setUp } from '../support/browser.ts';
import { browserTest, enterAs, findViolationsIn, startChromium, untilLoaded } from '../support/chromium.ts';
import { cleanUp } from '../support/clean-up.ts';
import { startTestServer } from '../support/harness.ts';
import { until } from '../support/until.ts';

/** A folder for screenshots. */
const shots = process.env.APPFLOW_TEST_SHOTS;
if (shots !== undefined) mkdirSync(shots, { recursive: true });

const api = await startTestServer();
const { project_id, app_id, server_key: key } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
const chromium = startChromium();
const DAY_MS = 86_400_000;

const event = (user: string, event_name: string, daysAgo: number, minutes = 0) => ({
  event_id: `${user}-${event_name}-${daysAgo}`,
  event_name,
  app_id,
  app_user_id: user,
  timestamp: new Date(Date.now() - daysAgo * DAY_MS - 3_600_000 + minutes * 60_000).toISOString(),
  context: { country: 'DE' },
});
const PROPERTIES: Record<string, Record<string, string>> = {
  sign_up: { source: 'ad' },
  purchase: { plan: 'pro', store: 'web' },
};
const EVENTS = [
  ...['ann', 'bob', 'cid', 'dan'].map((user) => event(user, 'sign_up', 5)),
  ...['ann', 'bob'].map((user) => event(user, 'trial_started', 5, 10)),
  event('ann', 'purchase', 4),
  // A week after this one has ended, whatever day it is.
  event('eve', 'sign_up', 20),
].map((one) => ({ ...one, properties: PROPERTIES[one.event_name] ?? {} }));
const sent = await api.call('POST', '/v1/events', { key, body: { events: EVENTS } });
assert.equal(sent.body.accepted, EVENTS.length, sent.text);

async function enter(options = {}) {
  const window = await chromium.open(options);
  cleanUp(() => window.context.close());
  await enterAs(window, owner);
  return window;
}

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

async function open(page: Page, path: string): Promise<void> {
  await page.goto(`${api.url}/p/${project_id}${path}`);
  await untilLoaded(page);
}

/** Keeps pictures, and finds no violation in either theme. */
async function inspect(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    assert.deepEqual(await findViolationsIn(page, colorScheme), [], `${name} ${colorScheme}`);
    if (shots) await page.screenshot({ path: join(shots, `${name}-${colorScheme}.png`), fullPage: true });
  }
}

browserTest('Retention shows cohorts, and keeps what is chosen in the URL', async () => {
  const { page, problems } = await enter();
  await open(page, '/retention?range=30d');
  const table = page.getByRole('table', { name: 'Retention by cohort' });
  await table
    .getByText(/^25(.0)?%/)
    .first()
    .waitFor();
  await inspect(page, 'retention');
  await page.getByRole('radio', { name: 'In that period or later' }).click();
  await page.getByRole('radio', { name: 'Week' }).click();
  await table.getByRole('columnheader', { name: 'Week 1', exact: true }).waitFor();
  const search = new URL(page.url()).searchParams;
  assert.deepEqual([search.get('interval'), search.get('return')], ['week', 'on_or_after']);
  assert.deepEqual(problems(), []);
});

browserTest(
  'Funnels builds a funnel with the keyboard, shows it, saves it, and deletes it with undo',
  async () => {
    const { page, problems } = await enter();
    await open(page, '/funnels?range=7d');
    await page.getByLabel('Event of step 1').fill('sign_up');
    await page.getByLabel('Event of step 2').fill('purchase');
    await page.getByRole('button', { name: 'Add step' }).click();
    await page.getByLabel('Event of step 3').fill('trial_started');
    await page.getByRole('button', { name: 'Move step 3 up' }).click();
    await page.getByLabel('Event of step 3').press('Enter');
    await page.getByText('4 people').waitFor();
    await page.getByText('2 dropped off · Median time 10 min').waitFor();
    await inspect(page, 'funnels');
    await page.reload();
    await page.getByText('4 people').waitFor();
    await page.getByRole('button', { name: 'Saved funnels' }).click();
    await page.getByRole('menuitem', { name: 'Save this funnel' }).click();
    await page.getByLabel('Name').fill('Sales');
    await page.getByRole('button', { name: 'Save funnel' }).click();
    await page.getByLabel('Order').selectOption('any');
    await page.getByRole('button', { name: 'Show funnel' }).click();
    await page.getByRole('button', { name: 'Sales (edited)' }).click();
    await page.getByRole('menuitem', { name: 'Update Sales' }).click();
    await page.getByText('Updated Sales').waitFor();
    await page.getByRole('button', { name: 'Sales', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    const deleted = page.getByRole('listitem').filter({ hasText: 'Deleted Sales' });
    await deleted.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('Saved Sales again').waitFor();
    assert.equal((await api.call('GET', '/v1/funnels', { key })).body.data.length, 1);
    assert.deepEqual(problems(), []);
  },
);

/** Returns what a field suggests, in alphabetical order. */
async function readSuggestions(field: Locator): Promise<string[]> {
  const list = await field.getAttribute('list');
  const values = await field.page().locator(`[id="${list}"] option`).all();
  return (await Promise.all(values.map(async (one) => (await one.getAttribute('value')) ?? ''))).sort();
}

browserTest('a condition of a funnel suggests the properties of the event of its step', async () => {
  for (const [name, options] of [
    ['funnel-conditions', {}],
    ['funnel-conditions-phone', PHONE],
  ] as const) {
    const { page, problems } = await enter(options);
    await open(page, '/funnels?range=7d');
    await page.getByLabel('Event of step 1').fill('sign_up');
    await page.getByLabel('Event of step 2').fill('unheard_of');
    for (const number of [0, 1])
      await page.getByRole('button', { name: 'Add condition' }).nth(number).click();
    const property = page.getByLabel('Property', { exact: true });
    const suggests = (index: number, expected: string[]) =>
      until(`${expected} suggested`, async () =>
        isDeepStrictEqual(await readSuggestions(property.nth(index)), expected),
      );
    await suggests(0, ['source']);
    await suggests(1, ['plan', 'source', 'store']);
    await page.getByLabel('Event of step 2').fill('purchase');
    await suggests(1, ['plan', 'store']);
    await property.nth(0).fill('source');
    await property.nth(1).fill('plan');
    await page.getByLabel('Value').nth(0).fill('ad');
    await page.getByLabel('Value').nth(1).fill('pro');
    await inspect(page, name);
    assert.ok(((await property.nth(1).boundingBox())?.width ?? 0) > 100, 'the name can be read');
    await page.getByRole('button', { name: 'Show funnel' }).click();
    await page.getByText('4 people').waitFor();
    await page.getByText('3 dropped off').waitFor();
    await suggests(1, ['plan', 'store']);
    const width = await page.evaluate('document.documentElement.scrollWidth');
    assert.ok(Number(width) <= (page.viewportSize()?.width ?? 0), `${name} is ${width} pixels wide`);
    assert.deepEqual(problems(), []);
  }
});

browserTest('both pages fit on a phone, and say what to do when there is nothing', async () => {
  const { page, problems } = await enter(PHONE);
  for (const path of ['/retention?range=30d', '/retention?range=yesterday', '/funnels?range=7d']) {
    await open(page, path);
    const width = await page.evaluate('document.documentElement.scrollWidth');
    assert.ok(Number(width) <= 390, `${path} is ${width} px wide`);
    await inspect(page, `phone${path.replaceAll(/[^a-z0-9]/g, '-')}`);
  }
  await page.getByText('Choose the steps of a funnel').waitFor();
  assert.deepEqual(problems(), []);
});
