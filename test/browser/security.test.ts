import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Page } from 'playwright-core';
import { PASSWORD, setUp, stepUp } from '../support/browser.ts';
import { browserTest, enterAs, startChromium, untilLoaded, type Window } from '../support/chromium.ts';
import { cleanUp } from '../support/clean-up.ts';
import { startTestServer } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';

const api = await startTestServer();
const { project_id, app_id, server_key } = api.project;
const owner = await setUp(api.url, api.server.setupUrl);
await stepUp(owner);
const chromium = startChromium();

const at = (path: string) => `${api.url}/p/${project_id}${path}`;

/** A page of another site, under two names: a browser treats `localhost` as cross-site and 127.0.0.1 as same-site. */
const foreign = createServer((request, response) => {
  response.setHeader('content-type', 'text/html');
  response.end(
    `<!doctype html><title>Foreign</title><body>${decodeURIComponent(request.url?.slice(2) ?? '')}</body>`,
  );
}).listen(0);
await once(foreign, 'listening');
cleanUp(() => foreign.close());
const foreignUrl = (host: string, html: string) =>
  `http://${host}:${(foreign.address() as AddressInfo).port}/?${encodeURIComponent(html)}`;

async function enter(): Promise<Window> {
  const window = await chromium.open();
  await enterAs(window, owner);
  return window;
}

browserTest('runs no script injected into a page', async () => {
  const { page } = await enter();
  await page.goto(at('/apps'));
  await untilLoaded(page);
  const ran = await page.evaluate(`(async () => {
    const violations = [];
    document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective));
    const script = document.createElement('script');
    script.textContent = 'window.ran = "inline"';
    document.body.append(script);
    const other = document.createElement('script');
    other.src = 'http://localhost:${(foreign.address() as AddressInfo).port}/';
    document.body.append(other);
    const holder = document.createElement('div');
    holder.innerHTML = '<img src="data:," onerror="window.ran = \\'handler\\'"><a id="link" href="javascript:window.ran = 1">x</a>';
    document.body.append(holder);
    document.querySelector('#link').click();
    await fetch('http://localhost:${(foreign.address() as AddressInfo).port}/').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { ran: window.ran ?? null, violations: [...new Set(violations)].sort() };
  })()`);
  assert.deepEqual(ran, {
    ran: null,
    violations: ['connect-src', 'script-src-attr', 'script-src-elem'],
  });
});

browserTest('cannot be framed by another site or another port', async () => {
  const { page } = await enter();
  for (const host of ['localhost', '127.0.0.1']) {
    await page.goto(foreignUrl(host, `<iframe src="${at('/settings/api-keys')}"></iframe>`));
    const frame = page.frames()[1] ?? assert.fail('a frame');
    await frame.waitForLoadState();
    assert.match(frame.url(), /^chrome-error:/, host);
  }
});

browserTest('redirects only to its own pages after sign-in', async () => {
  const other = `localhost:${(foreign.address() as AddressInfo).port}`;
  const wanted = [
    `http://${other}/`,
    `//${other}/`,
    `/\\${other}/`,
    `/%09/${other}/`,
    `/\t/${other}`,
    'javascript:alert(1)',
  ];
  for (const target of wanted) {
    const { page, context } = await chromium.open();
    await page.goto(`${api.url}/sign-in?return=${encodeURIComponent(target)}`);
    await page.getByLabel('Email').fill('owner@example.com');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page
      .getByRole('navigation', { name: 'Project' })
      .or(page.getByText('Page not found'))
      .first()
      .waitFor();
    assert.equal(new URL(page.url()).origin, api.url, target);
    await context.close();
  }
});

browserTest(
  'rejects changes from pages of another site or of another port, whose requests carry the cookie',
  async () => {
    const { page } = await enter();
    const keysBefore = (await owner.call('GET', `/app/v1/projects/${project_id}/api-keys`)).text;
    const target = `${api.url}/app/v1/projects/${project_id}/api-keys`;
    const body = JSON.stringify({ name: 'Stolen', type: 'client' });
    for (const [host, refusal] of [
      ['localhost', 401],
      ['127.0.0.1', 403],
    ] as const) {
      const answered = page.waitForResponse((answer) => answer.url() === target);
      await page.goto(foreignUrl(host, 'Win a prize'));
      await page.evaluate(
        `fetch('${target}', { method: 'POST', mode: 'no-cors', credentials: 'include', body: '${body}' }).catch(() => undefined)`,
      );
      assert.equal((await answered).status(), refusal, host);
      const html = `<form method="post" enctype="text/plain" action="${target}"><input name='{"name":"Stolen","type":"client","x":"' value='"}'></form>`;
      await page.goto(foreignUrl(host, html));
      const [posted] = await Promise.all([
        page.waitForResponse((answer) => answer.url() === target),
        page.evaluate('document.forms[0].submit()'),
      ]);
      await page.waitForURL(target);
      assert.equal(posted.status(), refusal, host);
    }
    assert.equal((await owner.call('GET', `/app/v1/projects/${project_id}/api-keys`)).text, keysBefore);
  },
);

/** Breaks out of any context it is inserted into, and would create an element with this attribute. */
const MARKUP = `"'></script></pre><img src=data:, onerror=ran=1 data-mark><svg/onload=ran=1 data-mark>{{1}}\${1}`;
/** The same for fields that accept only visible ASCII. */
const MARKUP_ID = MARKUP.replaceAll(' ', '/');

async function sendMarkup(eventId: string): Promise<void> {
  const context = Object.fromEntries(
    ['platform', 'os_version', 'app_version', 'country', 'locale', 'device_model', 'sdk'].map((name) => [
      name,
      MARKUP,
    ]),
  );
  const event = {
    event_id: eventId,
    event_name: 'opened',
    app_user_id: MARKUP,
    session_id: MARKUP,
    properties: { [MARKUP]: MARKUP, nested: { [MARKUP]: [MARKUP] } },
    context,
  };
  const { body, text } = await api.call('POST', '/v1/events', {
    key: server_key,
    body: { app_id, events: [event] },
  });
  assert.equal(body.accepted, 1, text);
}

async function requireNoMark(page: Page, where: string): Promise<void> {
  assert.equal(await page.evaluate("document.querySelectorAll('[data-mark]').length"), 0, where);
  assert.equal(await page.evaluate('window.ran ?? null'), null, where);
}

browserTest(
  'shows markup in event fields as text in the live tail, the event list and the event details',
  async () => {
    const { page, problems } = await enter();
    await sendMarkup(`${MARKUP_ID}1`);
    await page.goto(at('/live'));
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
    await sendMarkup(`${MARKUP_ID}2`);
    await page.getByRole('list', { name: 'Events, newest first' }).getByRole('button').nth(1).waitFor();
    await page.getByRole('list', { name: 'Events, newest first' }).getByRole('button').first().click();
    await page.getByRole('dialog').getByText(`${MARKUP_ID}2`).waitFor();
    await requireNoMark(page, 'Live');
    assert.equal(
      await page.getByRole('dialog').getByText(MARKUP, { exact: true }).count(),
      9,
      'shown as it is',
    );

    await page.goto(
      `${at('/events')}?open=${encodeURIComponent(`${MARKUP_ID}1`)}&user=${encodeURIComponent(MARKUP)}`,
    );
    await page.getByRole('dialog').getByText(`${MARKUP_ID}1`).first().waitFor();
    await requireNoMark(page, 'Events');
    for (const by of ['platform', 'country', 'app_version']) {
      await page.goto(`${at('/overview')}?by=${by}`);
      await untilLoaded(page);
      await requireNoMark(page, `Overview by ${by}`);
    }
    assert.deepEqual(problems(), []);
  },
);

browserTest('shows markup in names as text on every page', async () => {
  const name = MARKUP.slice(0, 100);
  const make = async (path: string, body: object) => {
    const answer = await owner.call('POST', path, { body });
    assert.equal(answer.status, 201, answer.text);
    trackSecrets(answer.text);
    return answer.body.id as string;
  };
  const id = await make('/app/v1/projects', { name });
  const inside = `/app/v1/projects/${id}`;
  const app = await make(`${inside}/apps`, { name, platform: 'web', bundle_id: name });
  const key = await make(`${inside}/api-keys`, { name, type: 'client', app_ids: [app] });
  assert.equal((await owner.call('PATCH', '/app/v1/account', { body: { name } })).status, 200);
  const { page, problems } = await enter();
  const paths = [
    '/overview',
    '/live',
    '/events',
    '/apps',
    '/docs',
    `/settings/api-keys?key=${key}`,
    `/settings/api-keys?key=${key}&tab=activity`,
    '/settings/members',
    '/settings/audit-log',
    '/settings/project',
  ];
  for (const path of paths) {
    await page.goto(`${api.url}/p/${id}${path}`);
    await untilLoaded(page);
    await page.getByText('<img src=data:,').locator('visible=true').first().waitFor();
    await requireNoMark(page, path);
  }
  assert.deepEqual(problems(), []);
});
