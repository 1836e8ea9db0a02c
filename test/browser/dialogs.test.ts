import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { join as joinProject, setUp, stepUp } from '../support/browser.ts';
import { browserTest, enterAs, findViolationsIn, startChromium, untilLoaded } from '../support/chromium.ts';
import { startTestServer } from '../support/harness.ts';

/** A folder for a screenshot of every dialog. Without it none is taken, which saves seconds. */
const shots = process.env.APPFLOW_TEST_SHOTS;
if (shots !== undefined) mkdirSync(shots, { recursive: true });

const api = await startTestServer();
const owner = await setUp(api.url, api.server.setupUrl);
await stepUp(owner);
const { project_id } = api.project;
await joinProject(owner, project_id, 'developer', 'Developer');
// A name of the maximum length, without a place to break a line, and partly in a right-to-left script.
const LONG = `مفتاح-${'verylongname'.repeat(7)}`;
await owner.call('POST', `/app/v1/projects/${project_id}/api-keys`, { body: { name: LONG, type: 'client' } });

type Opener = { name: string; path: string; open: (page: Page) => Promise<void> };

const press = (name: string | RegExp) => (page: Page) =>
  page.getByRole('button', { name }).and(page.locator(':visible')).first().click();
const item = (name: string) => (page: Page) => page.getByRole('menuitem', { name }).click();
const inOrder =
  (...steps: ((page: Page) => Promise<void>)[]) =>
  async (page: Page) => {
    for (const step of steps) await step(page);
  };
/** On phones the sidebar is inside a sheet. */
const openSidebar = async (page: Page) => {
  const opener = page.getByRole('button', { name: 'Open navigation' });
  if (await opener.isVisible()) await opener.click();
};
const fill = (label: string, text: string) => (page: Page) =>
  page.getByRole('dialog').getByLabel(label, { exact: true }).fill(text);

const KEYS = '/settings/api-keys';
const OPENERS: Opener[] = [
  { name: 'menu-project', path: '/apps', open: inOrder(openSidebar, press(/^Project:/)) },
  { name: 'menu-app', path: '/apps', open: inOrder(openSidebar, press(/^App:/)) },
  { name: 'menu-account', path: '/apps', open: inOrder(openSidebar, press(/^Account:/)) },
  { name: 'app-new', path: '/apps', open: press('Add app') },
  { name: 'app-edit', path: '/apps', open: press(/^Edit/) },
  {
    name: 'app-time-zone',
    path: '/apps',
    open: inOrder(press(/^Edit/), (page) => page.getByRole('combobox', { name: 'Time zone' }).click()),
  },
  { name: 'app-delete', path: '/apps', open: press(/^Delete/) },
  { name: 'key-menu', path: KEYS, open: press(/^Actions for/) },
  { name: 'key-place', path: KEYS, open: press('Create API key') },
  { name: 'key-new', path: KEYS, open: inOrder(press('Create API key'), press(/In my backend/)) },
  {
    name: 'key-secret',
    path: KEYS,
    open: inOrder(
      press('Create API key'),
      press(/In a mobile or web app/),
      fill('Name', 'Shown once'),
      press('Create key'),
      (page) => page.getByText('This key is shown only once').waitFor(),
    ),
  },
  { name: 'key-rotate', path: KEYS, open: inOrder(press(/^Actions for/), item('Rotate secret')) },
  { name: 'key-revoke', path: KEYS, open: inOrder(press(/^Actions for/), item('Revoke key')) },
  { name: 'key-sheet', path: KEYS, open: (page) => page.getByRole('link', { name: LONG }).click() },
  { name: 'key-unknown', path: `${KEYS}?key=key_gone`, open: async () => {} },
  { name: 'member-role', path: '/settings/members', open: press(/role of Developer/) },
  { name: 'member-remove', path: '/settings/members', open: press(/^Remove/) },
  { name: 'member-leave', path: '/settings/members', open: press('Leave project') },
  {
    name: 'member-invited',
    path: '/settings/members',
    open: inOrder(
      press('Invite member'),
      fill('Email', 'invited@example.com'),
      press('Create link'),
      (page) => page.getByText('Share this link').waitFor(),
    ),
  },
  { name: 'project-delete', path: '/settings/project', open: press('Delete project') },
  { name: 'audit-export', path: '/settings/audit-log', open: press('Export') },
];

const chromium = startChromium();
const SIZES = { 1440: { width: 1440, height: 900 }, 390: { width: 390, height: 844 } };
const opened = (page: Page): Locator => page.getByRole('dialog').or(page.getByRole('menu')).last();

/** Opens each dialog and menu at this width in both themes, and returns every problem found. */
async function inspect(width: keyof typeof SIZES): Promise<string[]> {
  const window = await chromium.open({ viewport: SIZES[width], reducedMotion: 'reduce' });
  const { page, problems } = window;
  await enterAs(window, owner);
  const wrong: string[] = [];
  for (const { name, path, open } of OPENERS) {
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(`${api.url}/p/${project_id}${path}`);
    await untilLoaded(page);
    await open(page);
    await opened(page).waitFor();
    // Themes differ only in color, so the second run checks only contrast.
    for (const theme of ['light', 'dark'] as const) {
      const violations = await findViolationsIn(
        page,
        theme,
        theme === 'dark' ? ['color-contrast'] : undefined,
      );
      if (shots !== undefined)
        await page.screenshot({ path: join(shots, `dialog-${name}-${width}-${theme}.png`) });
      wrong.push(...violations.map((violation) => `${name} ${width} ${theme}: ${violation}`));
    }
    wrong.push(...problems().map((problem) => `${name} ${width}: ${problem}`));
    // Content that is shown only once must be confirmed before its dialog closes.
    if (name === 'key-secret' || name === 'member-invited') await page.getByRole('checkbox').click();
  }
  await window.context.close();
  return wrong;
}

browserTest(
  'opens every dialog and menu without accessibility violations, wide and narrow, in both themes',
  async () => {
    assert.deepEqual((await Promise.all([inspect(1440), inspect(390)])).flat(), []);
  },
);

/** Resolves when this element has the focus; Radix returns focus shortly after a dialog closes. */
const untilFocused = (page: Page, target: Locator) => target.and(page.locator(':focus')).waitFor();

browserTest('focuses the first field of a dialog, and returns the focus when the dialog closes', async () => {
  const window = await chromium.open();
  await enterAs(window, owner);
  const { page } = window;
  const openPage = async (path: string) => {
    await page.goto(`${api.url}/p/${project_id}${path}`);
    await untilLoaded(page);
  };
  const closing = async () => {
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  };

  await openPage('/apps');
  await press('Add app')(page);
  await untilFocused(page, page.getByPlaceholder('Acme iOS'));
  await closing();
  await untilFocused(page, page.getByRole('button', { name: 'Add app' }));

  await openPage(KEYS);
  await inOrder(press(/^Actions for First client key/), item('Rotate secret'))(page);
  await closing();
  await untilFocused(page, page.getByRole('button', { name: 'Actions for First client key' }));
  const link = page.getByRole('link', { name: 'First client key' });
  await link.press('Enter');
  await page.getByRole('dialog').waitFor();
  await closing();
  await untilFocused(page, link);
  await page.goBack();
  assert.equal(await page.getByRole('dialog').count(), 0, 'a closed sheet stays closed');
});

browserTest(
  'keeps a half-filled form after a click outside it, and changes no role on arrow keys',
  async () => {
    const window = await chromium.open();
    await enterAs(window, owner);
    const { page } = window;
    const changes: string[] = [];
    page.on('request', (request) => request.method() !== 'GET' && changes.push(request.url()));
    await page.goto(`${api.url}/p/${project_id}/settings/members`);
    await untilLoaded(page);
    await press('Invite member')(page);
    await fill('Email', 'invited@example.com')(page);
    await page.mouse.click(5, 5);
    assert.equal(await page.getByLabel('Email').inputValue(), 'invited@example.com');
    await page.keyboard.press('Escape');

    await press(/role of Developer/)(page);
    for (const key of ['ArrowDown', 'ArrowUp', 'ArrowUp', 'Escape']) await page.keyboard.press(key);
    await page.getByRole('menu').waitFor({ state: 'detached' });
    assert.deepEqual(changes, []);
    await press(/role of Developer/)(page);
    await page.getByRole('menuitemradio', { name: /^Analyst/ }).click();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('Developer is now a developer.').waitFor();
  },
);
