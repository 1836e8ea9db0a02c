import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { join as joinProject, PASSWORD, setUp, signIn } from '../support/browser.ts';
import {
  browserTest,
  enterAs,
  findViolationsIn,
  startChromium,
  untilLoaded,
  type Window,
} from '../support/chromium.ts';
import { cleanUp } from '../support/clean-up.ts';
import { startTestServer } from '../support/harness.ts';
import { STRANGE_ID, sendUserEvents, USER_EVENTS } from './user-events.ts';

/** A folder for screenshots. */
const shots = process.env.APPFLOW_TEST_SHOTS;
if (shots !== undefined) mkdirSync(shots, { recursive: true });

const api = await startTestServer();
const { project_id, app_id } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
const developer = await joinProject(owner, project_id, 'developer', 'Developer');
const chromium = startChromium();
const at = (path: string) => `${api.url}/p/${project_id}${path}`;

await sendUserEvents(api, USER_EVENTS);

async function enter(options = {}, person = owner): Promise<Window> {
  const window = await chromium.open({ reducedMotion: 'reduce', ...options });
  cleanUp(() => window.context.close());
  await enterAs(window, person);
  return window;
}

const open = async (page: Page, path: string) => {
  await page.goto(at(path));
  await untilLoaded(page);
};
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true });
const table = (page: Page) => page.getByRole('table', { name: 'Users, last seen first' });
const timeline = (page: Page) => page.getByRole('list', { name: 'Sessions, newest first' });
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

browserTest('lists people, last seen first, with what they did, and loads older ones', async () => {
  const { page, problems } = await enter();
  await open(page, '/users');
  await page.getByText('50 users loaded').waitFor();
  const rows = table(page).getByRole('row');
  assert.equal(await rows.count(), 51);
  assert.match(
    (await rows.nth(1).textContent()) ?? '',
    /^a\/b%2F\?#é 100% 漢字iOSJapan2\.4\.0\d+ minutes ago\d+ minutes ago10—$/,
  );
  const alice = table(page).getByRole('row', { name: /^alice/ });
  assert.match((await alice.textContent()) ?? '', /^aliceiOSGermany2\.4\.08 hours ago2 hours ago32\$9\.99$/);
  assert.equal(await table(page).getByText('anon_1', { exact: true }).count(), 0, 'one row per person');
  await page.getByRole('button', { name: 'Load more' }).click();
  await page.getByText(/^6\d users$/).waitFor();
  assert.deepEqual(problems(), []);
});

browserTest('keeps search and filters in the URL, and returns to them', async () => {
  const { page, problems } = await enter();
  await open(page, '/users');
  await page.getByLabel('Search by the start of the ID').fill('many_5');
  await page.getByText('11 users', { exact: true }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get('q'), 'many_5');
  await page.getByLabel('Search by the start of the ID').fill('');
  await page.getByLabel('Filter by').selectOption('User property');
  await page.getByLabel('Property name').fill('plan');
  await page.getByLabel('Property value').fill('pro');
  await page.getByRole('button', { name: 'Add filter' }).click();
  await page.getByText('1 user', { exact: true }).waitFor();
  await page.getByLabel('Filter by').selectOption('Country');
  await page.getByLabel('Country', { exact: true }).fill('JP');
  await page.getByRole('button', { name: 'Add filter' }).click();
  await page.getByText('No users match').waitFor();
  await page.getByRole('button', { name: /^Remove the filter Country is Japan/ }).click();
  await page.getByText('1 user', { exact: true }).waitFor();
  await page.reload();
  await page.getByText('1 user', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'alice' }).click();
  await heading(page, 'alice').waitFor();
  await page.goBack();
  await page.getByText('1 user', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByRole('button', { name: 'Load more' }).waitFor();
  assert.deepEqual(problems(), []);
});

browserTest('shows one profile for every ID of a person, with its sessions, newest first', async () => {
  const { page, problems } = await enter();
  await open(page, '/users/anon_1');
  await heading(page, 'alice').waitFor();
  await page.getByText('2 IDs that count as one user.').waitFor();
  await page.getByText('1 link ignored').waitFor();
  assert.match((await page.getByRole('table', { name: 'Properties' }).textContent()) ?? '', /planpro/);
  assert.match(
    (await page.getByRole('table', { name: 'Device and country' }).textContent()) ?? '',
    /CountryFranceGermany/,
  );
  const names = await timeline(page).getByRole('button').locator('.truncate.font-medium').allTextContents();
  assert.deepEqual(names, ['screen_view', 'purchase', '$identify', 'app_open']);
  assert.equal(
    await timeline(page)
      .getByRole('heading', { name: /^Session/ })
      .count(),
    2,
  );
  await timeline(page)
    .getByRole('button', { name: /\$identify/ })
    .getByText('SDK', { exact: true })
    .waitFor();
  await timeline(page).getByText('linked anon_1 · plan: pro').waitFor();
  await timeline(page)
    .getByRole('button', { name: /purchase/ })
    .click();
  await page.getByRole('dialog').getByText('Occurred').waitFor();
  assert.ok(new URL(page.url()).searchParams.has('open'));
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'View events' }).click();
  await page
    .getByRole('table')
    .getByRole('row', { name: /app_open/ })
    .getByText('anon_1')
    .waitFor();
  assert.equal(new URL(page.url()).searchParams.get('person'), 'alice');
  assert.deepEqual(problems(), []);
});

browserTest('loads older events as the timeline is scrolled, and keeps a session together', async () => {
  const { page, problems } = await enter();
  await open(page, '/users/busy');
  const events = timeline(page).getByRole('button');
  for (let pages = 0; pages < 4 && (await events.count()) < 120; pages += 1) {
    await page
      .getByText(/loaded$|shown$/)
      .last()
      .scrollIntoViewIfNeeded();
    await page.waitForLoadState('networkidle');
  }
  await page.getByText('120 events', { exact: true }).waitFor();
  assert.equal(await timeline(page).getByRole('heading').count(), 1);
  assert.match((await timeline(page).getByRole('heading').textContent()) ?? '', /120 events · 1 h 59 min/);
  assert.deepEqual(problems(), []);
});

browserTest('opens IDs with any character, from the list and from a link', async () => {
  const { page, problems } = await enter();
  await open(page, '/users');
  await page.getByRole('link', { name: STRANGE_ID, exact: true }).click();
  await heading(page, STRANGE_ID).waitFor();
  await timeline(page).getByText('app_open').waitFor();
  await page.reload();
  await heading(page, STRANGE_ID).waitFor();
  await timeline(page).getByText('app_open').waitFor();
  assert.deepEqual(problems(), []);
});

browserTest('leads from every ID on Events and Live to the profile', async () => {
  const { page, problems } = await enter();
  const toProfile = async (link = page.getByRole('link', { name: 'alice', exact: true })) => {
    await link.first().click();
    await heading(page, 'alice').waitFor();
    assert.equal(new URL(page.url()).searchParams.get('app'), app_id);
  };
  await open(page, '/events?event_name=purchase');
  await toProfile();
  await open(page, '/events?event_name=purchase');
  await page.getByRole('button', { name: 'purchase', exact: true }).click();
  await toProfile(page.getByRole('dialog').getByRole('link', { name: 'alice' }));
  await page.setViewportSize(PHONE.viewport);
  await open(page, '/events?event_name=purchase');
  await toProfile();
  await page.setViewportSize({ width: 1440, height: 900 });
  await sendUserEvents(api, [{ name: 'purchase', user: 'alice', minutesAgo: 0, session: 's3' }]);
  await open(page, '/live');
  await toProfile(
    page.getByRole('list', { name: 'Events, newest first' }).getByRole('link', { name: 'alice' }),
  );
  assert.deepEqual(problems(), []);
});

browserTest('says how to send the first event, and when there is no such user', async () => {
  const { page, problems } = await enter();
  const path = `/app/v1/projects/${project_id}/apps`;
  const body = { name: 'Unused', platform: 'web', timezone: 'UTC', currency: 'EUR' };
  const unused = await owner.call('POST', path, { body });
  assert.equal(unused.status, 201, unused.text);
  await open(page, `/users?app=${unused.body.id}`);
  await page.getByText('No users yet').waitFor();
  await page.getByText(`"app_id":"${unused.body.id}"`).waitFor();
  assert.deepEqual(problems(), []);
  await open(page, `/users/alice?app=${unused.body.id}`);
  await page.getByText('User not found').waitFor();
  await page.getByRole('link', { name: 'Look in all apps' }).click();
  await timeline(page).getByText('purchase').first().waitFor();
  await page.getByRole('link', { name: 'Users' }).click();
  await page.getByLabel('App', { exact: true }).selectOption('All apps');
  await page.getByRole('link', { name: 'alice' }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get('apps'), 'all');
});

browserTest('says what failed, and loads it again', async () => {
  const { page } = await enter();
  await page.route(/\/projects\/[^/]+\/users\?/, (route) => route.abort());
  await page.goto(at('/users'));
  await page.getByText("Couldn't load the users").waitFor();
  await page.unroute(/\/projects\/[^/]+\/users\?/);
  await page.getByRole('button', { name: 'Try again' }).click();
  await table(page).waitFor();
});

async function inspect(page: Page, name: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const theme of ['light', 'dark'] as const) {
    const violations = await findViolationsIn(page, theme, theme === 'dark' ? ['color-contrast'] : undefined);
    wrong.push(...violations.map((violation) => `${name} ${theme}: ${violation}`));
    if (shots !== undefined) await page.screenshot({ path: join(shots, `${name}-${theme}.png`) });
  }
  const tooWide = (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
  return tooWide > 0 ? [...wrong, `${name}: scrolls sideways by ${tooWide} px`] : wrong;
}

browserTest('has no accessibility violations, wide and narrow, in both themes', async () => {
  const wrong: string[] = [];
  for (const [width, options] of [
    ['wide', {}],
    ['narrow', PHONE],
  ] as const) {
    const { page, problems } = await enter(options);
    await open(page, '/users?platform=ios');
    wrong.push(...(await inspect(page, `users-${width}`)));
    await open(page, '/users/alice');
    wrong.push(...(await inspect(page, `user-${width}`)));
    await page.getByRole('button', { name: 'Erase user' }).click();
    await page.getByRole('dialog').waitFor();
    wrong.push(...(await inspect(page, `user-erase-${width}`)), ...problems());
  }
  assert.deepEqual(wrong, []);
});

browserTest('erases a person after the ID and the password, without a refused request', async () => {
  // A session in which the password was not asked for yet.
  const { page, problems } = await enter({}, await signIn(api.url, 'owner@example.com'));
  await sendUserEvents(api, [{ name: 'app_open', user: 'leaving', minutesAgo: 5 }]);
  await open(page, '/users/leaving');
  await page.getByRole('button', { name: 'Erase user' }).click();
  const dialog = page.getByRole('dialog', { name: 'Erase this user?' });
  await dialog.getByText('A keyed hash of each ID').waitFor();
  const erase = dialog.getByRole('button', { name: 'Erase user' });
  assert.equal(await erase.isDisabled(), true);
  await dialog.getByLabel(/^Type/).fill('leavin');
  assert.equal(await erase.isDisabled(), true);
  await dialog.getByLabel(/^Type/).fill('leaving');
  await erase.click();
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('Deleted 1 event').waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Go to users' }).click();
  await table(page).waitFor();
  assert.equal(await page.getByRole('link', { name: 'leaving' }).count(), 0);
  assert.deepEqual(problems(), []);
});

browserTest('offers erasing only to roles that may', async () => {
  const { page } = await enter({}, developer);
  await open(page, '/users/alice');
  await timeline(page).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Erase user' }).count(), 0);
});
