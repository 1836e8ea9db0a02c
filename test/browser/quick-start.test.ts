import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { setUp, stepUp } from '../support/browser.ts';
import { browserTest, enterAs, startChromium, untilLoaded } from '../support/chromium.ts';
import { startTestServer } from '../support/harness.ts';

const api = await startTestServer();
const { project_id, app_id } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
await stepUp(owner);
const chromium = startChromium();

const PATH = `/app/v1/projects/${project_id}`;

async function createKey(fields: object) {
  const { body, text } = await owner.call('POST', `${PATH}/api-keys`, {
    body: { type: 'client', ...fields },
  });
  assert.ok(body.key, text);
  return body as { id: string; key: string; hint: string };
}

async function open(search = '', options = {}) {
  const window = await chromium.open(options);
  await enterAs(window, owner);
  await window.page.goto(`${api.url}/p/${project_id}/docs${search}`);
  await untilLoaded(window.page);
  return window;
}

const tab = (page: Page, name: string) => page.getByRole('tab', { name });
const panel = (page: Page) => page.getByRole('tabpanel');
const searchOf = (page: Page) => Object.fromEntries(new URL(page.url()).searchParams);

browserTest('chooses an SDK with the keyboard and a platform, and keeps both in the URL', async () => {
  const { page, problems } = await open();
  await tab(page, 'curl').focus();
  for (const name of ['Appflow client', 'PostHog']) {
    await page.keyboard.press('ArrowRight');
    await tab(page, name).and(page.locator('[aria-selected=true]:focus')).waitFor();
  }
  await page.waitForURL((url) => url.searchParams.get('with') === 'posthog');
  await panel(page).getByLabel('Platform').selectOption('Kotlin');
  await page.waitForURL((url) => url.searchParams.get('on') === 'kotlin');
  await tab(page, 'Amplitude').click();
  await panel(page).getByText('implementation("com.amplitude:analytics-android:1.+")').waitFor();
  assert.deepEqual(searchOf(page), { with: 'amplitude', on: 'kotlin' });
  await page.reload();
  await panel(page).getByText('serverUrl').first().waitFor();
  assert.equal(await panel(page).getByLabel('Platform').inputValue(), 'kotlin');
  assert.deepEqual(problems(), []);
});

browserTest('fills in the address of the server and the hint of a key that the SDK can use', async () => {
  const segment = await createKey({ name: 'Segment only', allowed_sdks: ['segment'] });
  const { page, problems } = await open('?with=segment&on=node');
  const { body: keys } = await api.call('GET', '/v1/api-keys?type=client', { key: api.project.server_key });
  assert.equal(keys.data.length, 2, 'the one of the project, and this one');
  // The project's own key accepts every SDK; while it is disabled, only the restricted one is left.
  const [own] = keys.data.filter(({ id }: { id: string }) => id !== segment.id);
  await api.call('PATCH', `/v1/api-keys/${own.id}`, {
    key: api.project.server_key,
    body: { disabled: true },
  });
  await page.reload();
  await panel(page).getByText(`new Analytics({ writeKey: '${segment.hint}', host: '${api.url}' })`).waitFor();
  await panel(page).getByText('of Segment only. It was shown when it was created.').waitFor();
  await tab(page, 'PostHog').click();
  await panel(page).getByText('No client key works here yet').waitFor();
  await panel(page).getByText("new PostHog('ck_af1_…'").waitFor();
  await tab(page, 'curl').click();
  await panel(page).getByText('Create a client key for').waitFor();
  await page.getByText('No usable key yet').waitFor();
  await panel(page).getByRole('link', { name: 'Create API key' }).click();
  await page.getByRole('dialog', { name: 'Where will this key live?' }).waitFor();
  await api.call('PATCH', `/v1/api-keys/${own.id}`, {
    key: api.project.server_key,
    body: { disabled: false },
  });
  assert.deepEqual(problems(), []);
});

browserTest('offers the platforms of an SDK only, and keeps the platform for the next SDK', async () => {
  const { page, problems } = await open('?with=mixpanel&on=kotlin');
  const choices = () => panel(page).getByLabel('Platform').locator('option').allTextContents();
  await panel(page)
    .getByText(`Mixpanel.init('appflow', { host: '${new URL(api.url).host}'`)
    .waitFor();
  assert.deepEqual(await choices(), ['Node']);
  await panel(page).getByText('all mobile and web SDKs, which send to /track').waitFor();
  await tab(page, 'Aptabase').click();
  await panel(page).getByText('Aptabase.instance.initialize(context, "A-SH-').waitFor();
  assert.deepEqual(await choices(), ['Swift', 'Kotlin', 'Flutter', 'React Native', 'Web']);
  await tab(page, 'Jitsu').click();
  await panel(page).getByText("writeKey: 'appflow:").waitFor();
  assert.deepEqual(await choices(), ['Web', 'Node']);
  assert.deepEqual(searchOf(page), { with: 'jitsu', on: 'kotlin' });
  assert.deepEqual(problems(), []);
});

browserTest('shows every tab on phones and desktops', async () => {
  const { page, problems } = await open('?with=mixpanel');
  await panel(page).getByText('Mixpanel.init').waitFor();
  for (const width of [390, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    const tooWide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    assert.equal(tooWide, 0, `the tabs wrap at ${width} px`);
    const list = page.getByRole('tablist', { name: 'Send with' });
    const hidden = await list.evaluate((row) => row.scrollWidth - row.clientWidth);
    assert.equal(hidden, 0, `no tab is cut off at ${width} px`);
  }
  assert.deepEqual(problems(), []);
});

browserTest(
  'asks for a key of one app if the project has several, because these SDKs name none',
  async () => {
    const other = await api.call('POST', '/v1/apps', {
      key: api.project.server_key,
      body: { name: 'Second', platform: 'ios' },
    });
    const { page, problems } = await open(`?with=amplitude&on=swift&app=${other.body.id}`);
    const advice =
      "Amplitude's SDKs can't name an app. Create a client key for Second only that allows Amplitude.";
    await panel(page).getByText(advice).waitFor();
    const only = await createKey({ name: 'Second only', app_ids: [other.body.id] });
    await page.reload();
    await panel(page).getByText(`apiKey: "${only.hint}"`).waitFor();
    await tab(page, 'Appflow client').click();
    await panel(page).getByText(`appId: '${other.body.id}'`).waitFor();
    await page.goto(`${api.url}/p/${project_id}/docs?with=appflow&app=${app_id}`);
    await panel(page).getByText(`appId: '${app_id}'`).waitFor();
    await api.call('DELETE', `/v1/apps/${other.body.id}`, { key: api.project.server_key });
    assert.deepEqual(problems(), []);
  },
);

browserTest('restricts a client key to SDKs, and shows them in its details', async () => {
  const made = await createKey({ name: 'Any SDK' });
  const { page, problems } = await chromium.open().then(async (window) => {
    await enterAs(window, owner);
    await window.page.goto(`${api.url}/p/${project_id}/settings/api-keys?key=${made.id}&tab=settings`);
    return window;
  });
  await page.getByText('Restrictions and limits').click();
  await page.getByRole('radio', { name: 'Selected SDKs' }).click();
  const error = page.getByText('Select at least one SDK.');
  assert.equal(await page.getByRole('checkbox', { name: 'Appflow' }).isChecked(), false);
  assert.equal(await error.count(), 0, 'before saving');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await error.waitFor();
  await page.getByRole('checkbox', { name: 'PostHog' }).click();
  await error.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByText('Saved. Applies from the next request.').waitFor();
  const { body } = await owner.call('GET', `${PATH}/api-keys/${made.id}`);
  assert.deepEqual(body.allowed_sdks, ['posthog']);
  await tab(page, 'Details').click();
  await page.getByText('PostHog', { exact: true }).waitFor();
  assert.deepEqual(problems(), []);
});
