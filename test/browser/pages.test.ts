import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

import type { Page } from 'playwright-core';
import { runDemo } from '../../src/cli/demo.ts';
import { startServer } from '../../src/server/start.ts';
import { join as joinProject, setUp, stepUp } from '../support/browser.ts';
import { browserTest, enterAs, findViolationsIn, startChromium, untilLoaded } from '../support/chromium.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeConfig } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';

/** A folder for a screenshot of every page. */
const shots = process.env.APPFLOW_TEST_SHOTS;
if (shots !== undefined) mkdirSync(shots, { recursive: true });

const config = makeConfig();
const demo = await runDemo(config, { users: 300 }, Date.now(), new AbortController().signal);
trackSecrets(JSON.stringify(demo.keys));
const server = await startServer(config);
cleanUp(server.stop);
const owner = await setUp(server.url, server.setupUrl);
await stepUp(owner);
const { projectId } = demo.state;
const inProject = (path: string) => `/app/v1/projects/${projectId}${path}`;

async function make(path: string, body: object) {
  const answer = await owner.call('POST', inProject(path), { body });
  assert.ok(answer.status < 300, answer.text);
  trackSecrets(answer.text);
  return answer.body;
}

const rotating = await make('/api-keys', {
  name: 'Backend, being rotated',
  type: 'server',
  ip_allowlist: ['10.0.0.0/8'],
});
await make(`/api-keys/${rotating.id}/rotate`, { grace_seconds: 86_400 });
const restricted = await make('/api-keys', {
  name: 'Only some SDKs',
  type: 'client',
  allowed_sdks: ['posthog', 'segment'],
});
const gone = await make('/api-keys', { name: 'Former partner', type: 'read_only' });
await owner.call('DELETE', inProject(`/api-keys/${gone.id}`));
await joinProject(owner, projectId, 'developer', 'Developer');
await joinProject(owner, projectId, 'analyst', 'Analyst');
const invitation = await make('/invitations', { email: 'invited@example.com', role: 'admin' });
const newest = (await owner.call('GET', inProject('/events?limit=1'))).body.data[0];
const empty = (await owner.call('POST', '/app/v1/projects', { body: { name: 'Empty' } })).body.id;

type PageCase = { name: string; path: string; act?: (page: Page) => Promise<void> };

const click = (name: string | RegExp) => async (page: Page) => {
  await page.getByRole('button', { name }).first().click();
  await page.getByRole('dialog').waitFor();
};

const MEMBERS_PAGES: PageCase[] = [
  { name: 'overview', path: '/overview' },
  { name: 'live', path: '/live' },
  { name: 'events', path: '/events' },
  { name: 'event', path: `/events?open=${newest.event_id}` },
  { name: 'ingestion', path: '/ingestion?range=7d' },
  { name: 'users', path: '/users' },
  { name: 'user', path: `/users/${encodeURIComponent(newest.app_user_id)}?app=${newest.app_id}` },
  { name: 'apps', path: '/apps' },
  { name: 'docs', path: '/docs' },
  { name: 'docs-appflow', path: '/docs?with=appflow' },
  { name: 'docs-sdk', path: '/docs?with=rudderstack&on=flutter' },
  { name: 'api-keys', path: '/settings/api-keys' },
  { name: 'api-key', path: `/settings/api-keys?key=${rotating.id}` },
  { name: 'api-key-usage', path: `/settings/api-keys?key=${rotating.id}&tab=usage` },
  { name: 'api-key-activity', path: `/settings/api-keys?key=${rotating.id}&tab=activity` },
  { name: 'api-key-settings', path: `/settings/api-keys?key=${rotating.id}&tab=settings` },
  { name: 'api-key-sdks', path: `/settings/api-keys?key=${restricted.id}&tab=settings` },
  { name: 'api-key-create', path: '/settings/api-keys', act: click('Create API key') },
  { name: 'members', path: '/settings/members' },
  { name: 'member-invite', path: '/settings/members', act: click('Invite member') },
  { name: 'audit-log', path: '/settings/audit-log' },
  { name: 'project', path: '/settings/project' },
].map((page) => ({ ...page, path: `/p/${projectId}${page.path}` }));

const OTHER_PAGES: PageCase[] = [
  { name: 'account', path: '/account' },
  { name: 'installation', path: '/installation' },
  { name: 'new-project', path: '/new-project' },
  { name: 'not-found', path: '/p/proj_00000000000000000000000000/overview' },
  { name: 'not-found-in-project', path: `/p/${projectId}/nothing` },
];

const ANONYMOUS_PAGES: PageCase[] = [
  { name: 'sign-in', path: '/sign-in' },
  { name: 'setup-done', path: '/setup' },
  { name: 'invite', path: `/invite#${invitation.link.split('#')[1]}` },
  { name: 'reset', path: '/reset#token' },
];

const chromium = startChromium();
const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 844 };

async function keepPicture(page: Page, name: string): Promise<void> {
  if (shots === undefined) return;
  const isCovered = (await page.getByRole('dialog').count()) > 0;
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: !isCovered });
}

/** Returns every problem of the current page in both themes at its current width. */
async function inspectPage(page: Page, name: string): Promise<string[]> {
  const wrong: string[] = [];
  // Themes differ only in color, so the second run checks only contrast.
  for (const theme of ['light', 'dark'] as const) {
    const violations = await findViolationsIn(page, theme, theme === 'dark' ? ['color-contrast'] : undefined);
    wrong.push(...violations.map((violation) => `${name} ${theme}: ${violation}`));
    await keepPicture(page, `${name}-${theme}`);
  }
  const tooWide = (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
  if (tooWide > 0) wrong.push(`${name}: scrolls sideways by ${tooWide} px`);
  return wrong;
}

/** Opens each page, wide and narrow, and returns every problem found. */
async function inspect(pages: PageCase[], isSignedIn: boolean): Promise<string[]> {
  const window = await chromium.open({ viewport: WIDE, reducedMotion: 'reduce' });
  const { page, problems } = window;
  if (isSignedIn) await enterAs(window, owner);
  const wrong: string[] = [];
  for (const { name, path, act } of pages) {
    await page.setViewportSize(WIDE);
    await page.goto(server.url + path);
    await untilLoaded(page);
    const headings = await page.locator('h1').count();
    if (headings !== 1) wrong.push(`${name}: ${headings} headings of the first level`);
    await act?.(page);
    wrong.push(...(await inspectPage(page, `${name}-${WIDE.width}`)));
    await page.setViewportSize(NARROW);
    wrong.push(...(await inspectPage(page, `${name}-${NARROW.width}`)));
    wrong.push(...problems().map((problem) => `${name}: ${problem}`));
  }
  await window.context.close();
  return wrong;
}

/** Uses two windows in parallel, because a page spends most of its time waiting. */
async function inspectAll(pages: PageCase[], isSignedIn: boolean): Promise<string[]> {
  const halves = [0, 1].map((half) => pages.filter((_, index) => index % 2 === half));
  return (await Promise.all(halves.map((half) => inspect(half, isSignedIn)))).flat();
}

browserTest(
  'shows members every page without errors or accessibility violations, wide and narrow, in both themes',
  async () => {
    assert.deepEqual(await inspectAll([...MEMBERS_PAGES, ...OTHER_PAGES], true), []);
  },
);

browserTest(
  'shows anonymous visitors every page without errors or accessibility violations, wide and narrow, in both themes',
  async () => {
    assert.deepEqual(await inspectAll(ANONYMOUS_PAGES, false), []);
  },
);

const NEXT_STEPS: Readonly<Record<string, RegExp>> = {
  '/overview': /Create your first app/,
  '/live': /Create your first app/,
  '/events': /Go to apps/,
  '/users': /Go to apps/,
  '/apps': /Add the first one, then create a client key/,
  '/docs': /Add an app first/,
  '/settings/api-keys': /Create a client key for your app/,
  '/settings/members': /Invite member/,
  '/settings/audit-log': /^Project created$/,
  '/settings/project': /Save/,
};

browserTest('shows the next step on every page of an empty project', async () => {
  const window = await chromium.open();
  await enterAs(window, owner);
  const { page, problems } = window;
  for (const [path, next] of Object.entries(NEXT_STEPS)) {
    await page.goto(`${server.url}/p/${empty}${path}`);
    await untilLoaded(page);
    await page.getByRole('main').getByText(next).locator('visible=true').first().waitFor();
    await keepPicture(page, `empty${path.replaceAll('/', '-')}`);
  }
  assert.deepEqual(problems(), []);
});

const JAVASCRIPT_BYTES_MAX = 250 * 1_024;
const ASSETS = join(import.meta.dirname, '../../dashboard/dist/assets');

for (const path of ['/sign-in', `/p/${projectId}/overview`]) {
  browserTest(
    `loads at most 250 KB of compressed JavaScript to show ${path.split('/').at(-1)}`,
    async (t) => {
      const window = await chromium.open();
      const { page } = window;
      if (path !== '/sign-in') await enterAs(window, owner);
      const scripts = new Set<string>();
      page.on('response', (answer) => {
        const { pathname } = new URL(answer.url());
        if (pathname.endsWith('.js')) scripts.add(basename(pathname));
      });
      await page.goto(server.url + path);
      await untilLoaded(page);
      await page.waitForLoadState('networkidle');
      const bytes = [...scripts]
        .map((name) => statSync(join(ASSETS, `${name}.gz`)).size)
        .reduce((sum, size) => sum + size, 0);
      t.diagnostic(`${bytes} bytes in ${scripts.size} files`);
      assert.ok(scripts.size > 0 && bytes <= JAVASCRIPT_BYTES_MAX, `${bytes} bytes`);
    },
  );
}
