import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setInterval as ticks } from 'node:timers/promises';
import { defineRoute } from '../../src/api/route.ts';
import { exportAs } from '../../src/api/streamed.ts';
import { mirrorForDashboard } from '../../src/http/dashboard-routes.ts';
import { closedObject } from '../../src/lib/schema.ts';
import { renewSetupLink } from '../../src/members/set-up.ts';
import { DASHBOARD_ROUTES } from '../../src/routes.ts';
import { type Browser, join, setUp, signIn, stepUp } from '../support/browser.ts';
import { initProject, makeClock, makeConfig, stopBeforeRemoval } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';

const SESSION_MS = 7 * 86_400_000;

async function* tick(): AsyncGenerator<string> {
  for await (const _ of ticks(10)) yield '{}\n';
}

/** A route whose export never ends by itself. */
const endless = defineRoute({
  method: 'GET',
  path: '/v1/ticks',
  summary: 'Answers for ever',
  access: 'audit:read',
  limit: 'analytics',
  answer: { status: 200, schema: closedObject({}) },
  handle: () => exportAs('application/x-ndjson', tick(), null),
});

const clock = makeClock();
const config = makeConfig();
const { project_id } = await initProject(config);
const routes = [...DASHBOARD_ROUTES, ...mirrorForDashboard([endless])];
const { url, services, stop } = await startOpenServer(config, clock, undefined, routes);
stopBeforeRemoval(config.dataDir, stop);
const owner = await setUp(url, `${url}/setup#${await renewSetupLink(services)}`);
await stepUp(owner);
await join(owner, project_id, 'developer', 'Reader');
const EMAIL = 'reader@example.com';
const path = (rest: string) => `/app/v1/projects/${project_id}${rest}`;
const { body: members } = await owner.call('GET', path('/members'));
const readerId = members.data.find(({ email }: { email: string }) => email === EMAIL).id;
const setRole = (role: string) => owner.call('PATCH', path(`/members/${readerId}`), { body: { role } });

/** Opens the export and returns when it was aborted, on the monotonic clock. */
async function openExport(browser: Browser): Promise<{ tornAt: Promise<number> }> {
  const response = await fetch(url + path('/ticks'), { headers: { cookie: browser.cookie() } });
  assert.equal(response.status, 200);
  const reader = response.body?.getReader() ?? assert.fail();
  await reader.read();
  const read = async () => {
    try {
      while (!(await reader.read()).done);
    } catch {
      return performance.now();
    }
    return assert.fail('it ended as if it were complete');
  };
  return { tornAt: read() };
}

describe('exports of members', () => {
  const CHANGES: [what: string, change: (browser: Browser) => Promise<unknown>][] = [
    ['its session ends', (browser) => browser.call('POST', '/app/v1/sign-out')],
    ['its member loses permission to read it', () => setRole('analyst')],
    // better-auth starts sessions by the system clock, not by the clock of the test.
    ['its session expires', async () => clock.set(Date.now() + SESSION_MS)],
  ];

  for (const [what, change] of CHANGES) {
    it(`aborts an export within 1.5 seconds when ${what}`, async () => {
      const browser = await signIn(url, EMAIL);
      const { tornAt } = await openExport(browser);
      await change(browser);
      const changedAt = performance.now();
      const ms = (await tornAt) - changedAt;
      // Two polls per second, with one read before each; the rest is tolerance for a busy machine.
      assert.ok(ms < 1_500, `${ms} ms`);
      clock.set(Date.now());
      await setRole('developer');
    });
  }
});
