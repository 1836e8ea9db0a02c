import assert from 'node:assert/strict';

import { isDeepStrictEqual } from 'node:util';
import type { Page } from 'playwright-core';
import { setUp } from '../support/browser.ts';
import { browserTest, enterAs, startChromium, untilLoaded } from '../support/chromium.ts';
import { cleanUp } from '../support/clean-up.ts';
import { startTestServer } from '../support/harness.ts';

const api = await startTestServer();
const { project_id, app_id, server_key } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
const chromium = startChromium();

const at = (path: string) => `${api.url}/p/${project_id}${path}`;

let sent = 0;

/** Sends a new event and returns its id. */
async function sendEvent(): Promise<string> {
  sent += 1;
  const event = { event_id: `event-${sent}`, event_name: 'app_open', app_user_id: 'user_1' };
  const body = { app_id, events: [event] };
  const answer = await api.call('POST', '/v1/events', { key: server_key, body });
  assert.equal(answer.body.accepted, 1, answer.text);
  return event.event_id;
}

async function createApp(name: string): Promise<string> {
  const body = { name, platform: 'web' };
  const answer = await owner.call('POST', `/app/v1/projects/${project_id}/apps`, { body });
  assert.equal(answer.status, 201, answer.text);
  return answer.body.id;
}

async function enter(options = {}) {
  const window = await chromium.open(options);
  cleanUp(() => window.context.close());
  await enterAs(window, owner);
  return window;
}

/** Delays responses to matching requests until the returned function is called. */
async function delayAnswers(page: Page, url: RegExp): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  await page.route(url, async (route) => {
    await promise;
    await route.continue();
  });
  return resolve;
}

const searchOf = (page: Page) => Object.fromEntries(new URL(page.url()).searchParams);

browserTest('shows an outline of the page in the right theme until its scripts are loaded', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await enter({ colorScheme });
    const release = await delayAnswers(page, /\/assets\/index-[^/]+\.js$/);
    await page.goto(at('/overview'), { waitUntil: 'commit' });
    await page.getByRole('status', { name: 'Loading' }).waitFor();
    assert.equal(await page.evaluate('document.documentElement.dataset.outline'), 'project');
    const background = await page.evaluate(
      'getComputedStyle(document.documentElement).backgroundColor.match(/[\\d.]+/)[0]',
    );
    assert.equal(Number(background) < 50, colorScheme === 'dark', `lightness ${background}`);
    release();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  }
});

browserTest('switches themes without transitions', async () => {
  const { page } = await enter({ colorScheme: 'light' });
  await page.goto(at('/apps'));
  await untilLoaded(page);
  // Read by a listener that runs after the page's own listener, in the same frame.
  const fading = page.evaluate(`new Promise((resolve) => {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      const isDark = document.documentElement.classList.contains('dark');
      getComputedStyle(document.body).color;
      resolve({ isDark, transitions: document.getAnimations().filter((one) => one instanceof CSSTransition).length });
    });
  })`);
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.deepEqual(await fading, { isDark: true, transitions: 0 });
});

browserTest('keeps only valid filters and the selected date range in the URL', async () => {
  const { page } = await enter();
  for (const [path, left] of [
    ['/overview?range=week&timezone=Mars&metric=events', { metric: 'events' }],
    ['/overview?range=7d', { range: '7d' }],
    ['/events?range=2h', {}],
    ['/events?range=24h', { range: '24h' }],
    ['/settings/audit-log?range=2d', {}],
  ] as const) {
    await page.goto(at(path));
    await untilLoaded(page);
    await page.waitForURL((url) => isDeepStrictEqual(Object.fromEntries(url.searchParams), left));
  }
});

browserTest('shows only its outline until it is known whether an app has sent an event', async () => {
  const empty = await createApp('Nothing yet');
  const { page } = await enter();
  const release = await delayAnswers(page, /\/events\?.*limit=1$/);
  const isAsked = page.waitForRequest(/\/events\?.*limit=1$/);
  await page.goto(at(`/overview?app=${empty}`));
  await isAsked;
  await page.getByRole('main').getByRole('status', { name: 'Loading' }).waitFor();
  assert.equal(await page.getByRole('region', { name: 'Metrics' }).count(), 0);
  assert.equal(await page.getByText('No data in this range').locator('visible=true').count(), 0);
  release();
  await page.getByRole('heading', { name: 'Send the first event of Nothing yet' }).waitFor();
});

browserTest(
  'keeps an event opened on Live in the URL, so that a reload shows it and Back closes it',
  async () => {
    const { page } = await enter();
    const id = await sendEvent();
    await page.goto(at('/live'));
    await page.getByRole('list', { name: 'Events, newest first' }).getByRole('button').first().click();
    const sheet = page.getByRole('dialog').getByText(id);
    await sheet.waitFor();
    assert.equal(searchOf(page).open, id);
    await page.reload();
    await sheet.waitFor();
    await page.goBack();
    await sheet.waitFor({ state: 'detached' });
    assert.equal(searchOf(page).open, undefined);
  },
);

browserTest('says that metrics are outdated if a refresh fails, until one succeeds', async () => {
  const { page } = await enter();
  await page.goto(at('/live'));
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
  const numbers = /\/analytics\/live\?/;
  await page.route(numbers, (route) => route.abort());
  await sendEvent();
  const note = page.getByText('Out of date');
  await note.waitFor();
  assert.equal(await page.getByText('Active in the last 5 minutes').count(), 1, 'what was known stays');
  await page.unroute(numbers);
  await page.getByRole('button', { name: 'Retry' }).click();
  await note.waitFor({ state: 'detached' });
});

browserTest('distinguishes an invalid invitation from a server that does not respond', async () => {
  const { page } = await chromium.open();
  await page.goto(`${api.url}/invite#nothing`);
  await page.getByText('This invitation is no longer valid').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Try again' }).count(), 0);
  await page.route('**/invitations/look', (route) => route.abort());
  await page.reload();
  await page.getByText("Couldn't load the invitation").waitFor();
  await page.unroute('**/invitations/look');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('This invitation is no longer valid').waitFor();
});

browserTest(
  'finds one of many apps by part of its name, and keeps the link to all apps visible',
  async () => {
    for (let number = 1; number <= 30; number += 1) await createApp(`App ${number}`);
    const wanted = await createApp('عربي Wanted');
    const { page, problems } = await enter();
    await page.goto(at('/docs'));
    await untilLoaded(page);
    const switcher = page.getByRole('button', { name: 'App:' });
    await switcher.click();
    await page.getByRole('option', { name: 'App 1', exact: true }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Manage apps' }).isVisible(), true);
    const box = await page.getByRole('button', { name: 'Manage apps' }).boundingBox();
    assert.ok(box !== null && box.y + box.height <= 900, 'in the window');
    await page.keyboard.type('wanted');
    await page.getByRole('option').nth(1).waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('app') === wanted);
    await switcher.filter({ hasText: 'Wanted' }).waitFor();
    await switcher.click();
    await page.getByRole('button', { name: 'Manage apps' }).click();
    await page.getByRole('heading', { level: 1, name: 'Apps' }).waitFor();
    assert.deepEqual(problems(), []);
  },
);

browserTest(
  'draws the chart inside its card at every width, and exposes its days to the keyboard',
  async () => {
    await sendEvent();
    const { page } = await enter();
    await page.goto(at('/overview'));
    const chart = page.getByRole('figure', { name: 'Daily active users' });
    await chart.waitFor();
    for (const width of [1440, 390, 1024]) {
      await page.setViewportSize({ width, height: 900 });
      const outside = await chart.evaluate((figure) => {
        const card = figure.closest('section')?.getBoundingClientRect();
        return [...figure.querySelectorAll('path, div, span, input')].filter((part) => {
          const { left, right, width } = part.getBoundingClientRect();
          return card === undefined || (width > 0 && (left < card.left || right > card.right));
        }).length;
      });
      assert.equal(outside, 0, `${width} px`);
    }
    const days = chart.getByRole('slider');
    await days.focus();
    assert.match((await days.getAttribute('aria-valuetext')) ?? '', /\(so far\): 1; /);
    await page.keyboard.press('ArrowLeft');
    assert.match((await days.getAttribute('aria-valuetext')) ?? '', /\d{4}: 0; /);
  },
);

browserTest('finds a time zone by a part of its modern name, also inside a dialog', async () => {
  const id = await createApp('Zoned');
  const { page, problems } = await enter({ timezoneId: 'Europe/Kiev' });
  await page.goto(at('/apps'));
  await page.getByRole('button', { name: 'Edit Zoned' }).click();
  const zone = page.getByRole('combobox', { name: 'Time zone' });
  assert.equal(await zone.textContent(), 'UTC');
  await zone.click();
  const options = page.getByRole('option');
  assert.equal(await options.nth(1).textContent(), 'Europe/KyivThis browser');
  await page.keyboard.type('kolk');
  await options.nth(1).waitFor({ state: 'detached' });
  await page.keyboard.press('Enter');
  assert.equal(await zone.textContent(), 'Asia/Kolkata');
  await page.getByRole('button', { name: 'Save app' }).click();
  await page.getByRole('row', { name: /Zoned/ }).getByText('Asia/Kolkata').waitFor();

  await page.goto(at(`/overview?app=${id}`));
  await zone.click();
  assert.equal(await options.first().textContent(), 'Asia/KolkataThis app');
  await page.keyboard.type('buenos');
  await page.getByRole('option', { name: 'America/Argentina/Buenos Aires' }).click();
  await page.waitForURL((url) => url.searchParams.get('timezone') === 'America/Argentina/Buenos_Aires');
  assert.deepEqual(problems(), []);
});

browserTest('keeps what is typed in one card of the project settings when another is saved', async () => {
  const { page } = await enter();
  await page.goto(at('/settings/project'));
  const burst = page.getByLabel('Management: burst');
  await burst.fill('61');
  await page.getByLabel('Project name').fill('Saved first');
  await page.getByRole('button', { name: 'Save name' }).click();
  await page.locator('[data-sonner-toast]').waitFor();
  await page
    .getByRole('button', { name: /Saved first/ })
    .first()
    .waitFor();
  assert.equal(await burst.inputValue(), '61');
});

browserTest('styles toast messages like the pages', async () => {
  const { page } = await enter({ colorScheme: 'dark' });
  await page.goto(at('/settings/project'));
  await page.getByLabel('Project name').fill('Renamed');
  await page.getByRole('button', { name: 'Save name' }).click();
  await page.locator('[data-sonner-toast]').waitFor();
  const [font, background] = (await page.evaluate(`(() => {
    const { fontFamily, backgroundColor } = getComputedStyle(document.querySelector('[data-sonner-toast]'));
    return [fontFamily, backgroundColor];
  })()`)) as string[];
  assert.match(font ?? '', /^"Geist Variable"/);
  assert.notEqual(background, 'rgb(0, 0, 0)');
  const cross = await page.getByRole('button', { name: 'Close toast' }).boundingBox();
  assert.ok(cross !== null && cross.width >= 24 && cross.height >= 24, 'WCAG 2.2 SC 2.5.8');
});
