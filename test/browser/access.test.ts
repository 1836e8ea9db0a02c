import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { join, setUp, stepUp } from '../support/browser.ts';
import { browserTest, enterAs, startChromium, untilLoaded } from '../support/chromium.ts';
import { startTestServer } from '../support/harness.ts';

const api = await startTestServer();
const { project_id } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
await stepUp(owner);
const chromium = startChromium();

/** Removes a member through the API. */
async function remove(name: string): Promise<void> {
  const path = `/app/v1/projects/${project_id}/members`;
  const { body } = await owner.call('GET', path);
  const { id } = body.data.find((member: { name: string }) => member.name === name);
  const answer = await owner.call('DELETE', `${path}/${id}`);
  assert.equal(answer.status, 204, answer.text);
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
}

// They saw a white page with "Try again", and no way to sign out.
browserTest(
  'says what happened to a member who is removed while a page is open, and lets them sign out',
  async () => {
    const window = await chromium.open();
    await enterAs(window, await join(owner, project_id, 'developer', 'Removed'));
    const { page } = window;
    await page.goto(`${api.url}/p/${project_id}/live`);
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
    await remove('Removed');
    await page.getByRole('heading', { level: 1, name: "You don't have access to this project" }).waitFor();
    await page.getByText("You're signed in as removed@example.com").waitFor();
    assert.equal(await page.getByRole('button', { name: 'Try again' }).count(), 0);
    await page.getByRole('link', { name: 'Go to the dashboard' }).click();
    await page.getByRole('heading', { level: 1, name: "You're not in any project" }).waitFor();
    await page.getByRole('button', { name: 'Account: Removed' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  },
);

browserTest('offers to sign out wherever a person without access to a project ends up', async () => {
  const member = await join(owner, project_id, 'analyst', 'Outsider');
  await remove('Outsider');
  for (const [path, heading] of [
    ['/', 'Create your first project'],
    ['/account', 'Account and security'],
  ] as const) {
    const window = await chromium.open();
    await enterAs(window, member);
    await window.page.goto(api.url + path);
    await window.page.getByRole('heading', { level: 1, name: heading }).waitFor();
    await window.page.getByRole('button', { name: 'Account: Outsider' }).click();
    await window.page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
    await window.context.close();
  }
  const window = await chromium.open();
  await enterAs(window, member);
  await window.page.goto(`${api.url}/p/${project_id}/overview`);
  await window.page.getByRole('heading', { name: "You don't have access to this project" }).waitFor();
  await signOut(window.page);
});

browserTest(
  'shows the installation to the person who created the first account, and to no one else',
  async () => {
    const window = await chromium.open();
    await enterAs(window, owner);
    const { page, problems } = window;
    await page.goto(`${api.url}/p/${project_id}/overview`);
    await page.getByRole('button', { name: 'Account: Owner' }).click();
    await page.getByRole('menuitem', { name: 'Installation' }).click();
    await page.getByRole('heading', { level: 1, name: 'Installation' }).waitFor();
    await page.getByText('Not enough data yet').or(page.getByText('stored on another server')).waitFor();
    assert.deepEqual(problems(), []);
    await window.context.close();

    const other = await chromium.open();
    await enterAs(other, await join(owner, project_id, 'owner', 'Second'));
    await other.page.goto(`${api.url}/p/${project_id}/overview`);
    await other.page.getByRole('button', { name: 'Account: Second' }).click();
    await other.page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
    assert.equal(await other.page.getByRole('menuitem', { name: 'Installation' }).count(), 0);
    await other.page.goto(`${api.url}/installation`);
    await other.page.getByRole('heading', { level: 1, name: 'Page not found' }).waitFor();
  },
);

const UNKNOWN = ['/settings', '/p', '/guides', '/anything/else'];

for (const [who, paths, home] of [
  ['a member', [...UNKNOWN, `/p/${project_id}/settings`], 'Overview'],
  ['anonymous people', UNKNOWN, 'Sign in'],
] as const) {
  browserTest(`shows ${who} a page at unknown addresses`, async () => {
    const window = await chromium.open();
    if (who === 'a member') await enterAs(window, owner);
    const { page, problems } = window;
    for (const path of paths) {
      await page.goto(api.url + path);
      await page.getByRole('heading', { level: 1, name: 'Page not found' }).waitFor();
      const ways = await page.getByRole('main').getByRole('button', { name: 'Sign out' }).count();
      assert.equal(ways, who === 'a member' ? 1 : 0, path);
    }
    // The browser notes the status of the page itself in the console.
    assert.deepEqual(
      problems().filter((problem) => !/404/.test(problem)),
      [],
    );
    await page.getByRole('link', { name: 'Go to the dashboard' }).click();
    await page.getByRole('heading', { level: 1, name: home }).waitFor();
    await untilLoaded(page);
  });
}
