import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { runDemo } from '../../src/cli/demo.ts';
import { startServer } from '../../src/server/start.ts';
import { setUp } from '../support/browser.ts';
import { browserTest, enterAs, findViolationsIn, startChromium, untilLoaded } from '../support/chromium.ts';
import { cleanUp } from '../support/clean-up.ts';
import { connect, makeConfig } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';
import { until } from '../support/until.ts';

/** A folder for screenshots. */
const shots = process.env.APPFLOW_TEST_SHOTS;
if (shots !== undefined) mkdirSync(shots, { recursive: true });

const config = makeConfig();
const demo = await runDemo(config, { users: 30, days: 3 }, Date.now(), new AbortController().signal);
trackSecrets(JSON.stringify(demo.keys));
const server = await startServer(config);
cleanUp(server.stop);
const owner = await setUp(server.url, server.setupUrl);
const empty: string = (await owner.call('POST', '/app/v1/projects', { body: { name: 'Empty' } })).body.id;
const chromium = startChromium();
const at = (path = '', project = demo.state.projectId) => `${server.url}/p/${project}/ingestion${path}`;

async function enter(options = {}) {
  const window = await chromium.open({ reducedMotion: 'reduce', ...options });
  cleanUp(() => window.context.close());
  await enterAs(window, owner);
  return window;
}

const searchOf = (page: Page, name: string) => new URL(page.url()).searchParams.get(name);
const dialog = (page: Page) => page.getByRole('dialog');

async function keepPicture(page: Page, name: string): Promise<void> {
  if (shots === undefined) return;
  const isCovered = (await dialog(page).count()) > 0;
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: !isCovered });
}

browserTest('shows which SDK is broken and why, and leads to samples of a reason', async () => {
  const { page, problems } = await enter();
  await page.goto(at());
  await untilLoaded(page);
  const broken = page.getByRole('row', { name: /acme-android\/1\.3\.0/ }).first();
  assert.match((await broken.textContent()) ?? '', /iOS and Android apps.*acme-android\/1\.3\.0.*\d\.\d%/);
  const reasons = page.getByRole('list', { name: 'Reasons' });
  await reasons.getByText('Send timestamp as RFC 3339 ("2026-11-22T10:00:00.000Z")').waitFor();
  await reasons.getByRole('link', { name: 'Show samples of invalid_revenue' }).click();
  assert.equal(searchOf(page, 'reason'), 'invalid_revenue');
  const samples = page.getByRole('table', { name: 'Samples of rejected events, newest first' });
  await samples.getByText('properties.revenue').first().waitFor();
  await until(
    'the fields are gone',
    async () => !(await page.locator('body').innerText()).includes('properties.screen'),
  );
  assert.equal(await samples.getByRole('button', { name: 'invalid_timestamp' }).count(), 0);
  await samples.getByRole('button', { name: 'invalid_revenue' }).first().click();
  await dialog(page).getByText('"revenue": "9,99 €"').waitFor();
  await dialog(page).getByText('Send properties.revenue as a decimal').waitFor();
  await dialog(page).getByRole('button', { name: 'Copy event' }).waitFor();
  // The URL has all of it.
  await page.reload();
  await dialog(page).getByText('"revenue": "9,99 €"').waitFor();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'detached' });
  assert.deepEqual([searchOf(page, 'sample'), searchOf(page, 'reason')], [null, 'invalid_revenue']);
  assert.deepEqual(problems(), []);
});

browserTest('filters by key and range, and shows the values of each bar by keyboard', async () => {
  const { page, problems } = await enter();
  await page.goto(at());
  await untilLoaded(page);
  const sources = page.getByRole('table', { name: 'Keys and SDKs' });
  await page.getByLabel('Key', { exact: true }).selectOption({ label: 'Production backend' });
  await sources.getByText('acme-android/1.3.0').waitFor({ state: 'detached' });
  await sources.getByRole('link', { name: 'Production backend' }).waitFor();
  assert.match(searchOf(page, 'key') ?? '', /^key_/);
  for (const [label, per, bars] of [
    ['30 days', 'day', 30],
    ['7 days', '6 hours', 29],
  ] as const) {
    await page.getByRole('radio', { name: label }).click();
    const slider = page.getByRole('slider', { name: `Events per ${per}, bar by bar` });
    await slider.waitFor();
    // Not by a function in the page, which its content security policy forbids to compile.
    await until('there is a bar for each', async () => Number(await slider.getAttribute('max')) >= bars - 2);
  }
  assert.equal(searchOf(page, 'range'), '7d');
  const slider = page.getByRole('slider');
  await slider.focus();
  await page.keyboard.press('ArrowLeft');
  const text = (await slider.getAttribute('aria-valuetext')) ?? '';
  assert.match(text, /^\w+ \d+, \d\d:00 – \d\d:00 UTC: accepted [\d,]+, duplicates \d+, rejected 0/);
  await page.getByRole('radio', { name: 'Problems only' }).click();
  assert.doesNotMatch((await slider.getAttribute('aria-valuetext')) ?? 'accepted', /accepted/);
  await page.goBack();
  assert.equal(searchOf(page, 'show'), null);
  assert.deepEqual(problems(), []);
});

browserTest('filters by SDK, and lists different names that are stored as one', async () => {
  const { page, problems } = await enter();
  await page.goto(at());
  await untilLoaded(page);
  const sources = page.getByRole('table', { name: 'Keys and SDKs' });
  await page.getByLabel('SDK', { exact: true }).selectOption({ label: 'PostHog' });
  await sources.getByText('acme-android/1.3.0').waitFor({ state: 'detached' });
  await sources.getByRole('row', { name: /PostHog posthog-ios/ }).waitFor();
  assert.equal(searchOf(page, 'sdk'), 'posthog');
  await page.reload();
  await sources.getByRole('row', { name: /PostHog posthog-ios/ }).waitFor();
  assert.equal(await sources.getByText('acme-android/1.3.0').count(), 0);
  await page.getByRole('heading', { name: 'No samples match your filters' }).waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  assert.equal(searchOf(page, 'sdk'), null);
  await sources.getByRole('link', { name: 'Segment', exact: true }).click();
  await sources.getByText('acme-android/1.3.0').waitFor({ state: 'detached' });
  assert.equal(searchOf(page, 'sdk'), 'segment');
  const names = page.getByRole('list', { name: 'Names stored as order_completed' });
  assert.deepEqual(
    (await names.getByRole('listitem').allInnerTexts()).map(
      (text) => text.split(',')[0]?.split(/\s*\n\s*/)[0],
    ),
    ['Order Completed', 'order-completed'],
  );
  const collisions = await page.getByRole('list', { name: 'Colliding names' }).innerText();
  assert.match(collisions, /2 names are stored as order_completed/);
  assert.doesNotMatch(collisions, /plan_selected/);
  await page.goto(at('?sdk=jitsu'));
  await page.getByRole('heading', { name: 'No events match these filters' }).waitFor();
  await keepPicture(page, 'ingestion-no-match');
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  assert.equal(searchOf(page, 'sdk'), null);
  await sources.getByText('acme-android/1.3.0').waitFor();
  await page.goto(at('?sdk=none'));
  await sources.getByText('acme-android/1.3.0').waitFor();
  assert.deepEqual(problems(), []);
});

browserTest(
  'says what to do in a project without events, and shows a rejected one as soon as it came',
  async () => {
    const { page, problems } = await enter();
    await page.goto(at('?range=30d', empty));
    await untilLoaded(page);
    await page.getByRole('heading', { name: 'No events received yet' }).waitFor();
    await page.getByText(`curl ${server.url}/v1/events`).waitFor();
    await keepPicture(page, 'ingestion-empty');
    await page.goto(at('', empty));
    await page.getByRole('button', { name: 'Show 30 days' }).click();
    await page.getByRole('heading', { name: 'No events received yet' }).waitFor();

    const app = await owner.call('POST', `/app/v1/projects/${empty}/apps`, {
      body: { name: 'Main', platform: 'ios' },
    });
    const created = await owner.call('POST', `/app/v1/projects/${empty}/api-keys`, {
      body: { name: 'Phone', type: 'client', app_ids: [app.body.id] },
    });
    trackSecrets(created.text);
    const events = [{ event_name: 'Not Snake', app_user_id: 'u1', context: { sdk: 'home-made/1' } }];
    await connect(server.url).call('POST', '/v1/events', { key: created.body.key, body: { events } });
    await page.reload();
    await page
      .getByRole('row', { name: /home-made\/1/ })
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'invalid_event_name' }).click();
    await dialog(page).getByText('"event_name": "Not Snake"').waitFor();
    assert.deepEqual(problems(), []);
  },
);

browserTest('says that it could not be loaded, and tries again', async () => {
  const { page } = await enter();
  const pattern = /\/ingestion(\?|$)/;
  const isApi = (url: URL) => url.pathname.startsWith('/app/v1/') && pattern.test(url.pathname + url.search);
  await page.route(isApi, (route) =>
    route.fulfill({
      status: 422,
      contentType: 'application/problem+json',
      body: JSON.stringify({ code: 'query_too_large', title: 'Too large', detail: 'Ask for fewer days.' }),
    }),
  );
  await page.goto(at());
  await page.getByRole('heading', { name: "Couldn't load ingestion health" }).waitFor();
  await page.unroute(isApi);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('list', { name: 'Totals' }).waitFor();
});

browserTest('lists ten colliding names, then all, and tries again after a failure', async () => {
  const { page } = await enter();
  const isApi = (url: URL) => url.pathname.endsWith('/ingestion/name-collisions');
  const [at1, at2] = ['2026-11-01T08:12:44.102Z', '2026-11-22T10:00:05.000Z'];
  const data = Array.from({ length: 11 }, (_, index) => ({
    ...{ event_name: `event_${index}`, events: 3, name_count: 2 },
    names: ['A', 'B'].map((name) => ({ name, events: 1, first_at: at1, last_at: at2 })),
  }));
  let status = 422;
  await page.route(isApi, (route) =>
    route.fulfill({
      status,
      contentType: status === 200 ? 'application/json' : 'application/problem+json',
      body: JSON.stringify(
        status === 200
          ? { data, next_cursor: null }
          : { code: 'query_too_large', title: 'Too large', detail: 'Ask for less.' },
      ),
    }),
  );
  await page.goto(at());
  await page.getByRole('heading', { name: "Couldn't load colliding names" }).waitFor();
  status = 200;
  await page.getByRole('button', { name: 'Try again' }).click();
  const list = page.getByRole('list', { name: 'Colliding names' });
  await list.getByText('event_9', { exact: true }).waitFor();
  assert.equal(await list.getByText('event_10', { exact: true }).count(), 0);
  await page.getByRole('button', { name: 'Show all 11' }).click();
  await list.getByText('event_10', { exact: true }).waitFor();
  assert.equal(await page.getByRole('button', { name: /^Show all/ }).count(), 0);
});

/** Themes differ only in color, so the second run checks only contrast. */
async function inspectThemes(page: Page, name: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    const rules = theme === 'dark' ? ['color-contrast'] : undefined;
    assert.deepEqual(await findViolationsIn(page, theme, rules), []);
    await keepPicture(page, `ingestion-${name}-${theme}`);
  }
}

for (const width of [1440, 390]) {
  browserTest(`is accessible and fits ${width} px in both themes`, async () => {
    const { page, problems } = await enter({ viewport: { width, height: 900 } });
    for (const [name, path] of [
      ['page', '?range=7d'],
      ['problems', '?range=30d&show=problems'],
    ] as const) {
      await page.goto(at(path));
      await untilLoaded(page);
      await inspectThemes(page, `${name}-${width}`);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
    }
    await page.getByRole('button', { name: 'placeholder_app_user_id' }).first().click();
    await dialog(page).waitFor();
    await inspectThemes(page, `sample-${width}`);
    assert.deepEqual(problems(), []);
  });
}
