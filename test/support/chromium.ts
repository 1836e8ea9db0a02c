import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Browser as SignedIn } from './browser.ts';
import { cleanUp } from './clean-up.ts';

const EXECUTABLE = '/usr/bin/chromium';
const HAS_CHROMIUM = existsSync(EXECUTABLE);
const BUILT = join(import.meta.dirname, '../../dashboard/dist/index.html');

/**
 * Disables Chromium's own network requests, so that all requests come from the page. Debian's start script enables GPU rasterization;
 * without a GPU, emulating it takes a fifth of a test's time.
 */
const ARGS = [
  '--disable-gpu',
  '--disable-gpu-rasterization',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Registers a test that needs Chromium. Without Chromium the test is skipped, which CI does not accept. */
export function browserTest(name: string, run: (test: TestContext) => Promise<void>): void {
  const skip = HAS_CHROMIUM ? false : `${EXECUTABLE} is missing: apt-get install chromium`;
  it(name, { skip }, run);
}

/** A separate browser window: it shares no cookies, storage or clipboard with others. */
export type Window = { context: BrowserContext; page: Page; problems: () => string[] };

export type Chromium = { open: (options?: BrowserContextOptions) => Promise<Window> };

/** Returns a Chromium that starts with the first window and stops at the end of the test file. */
export function startChromium(): Chromium {
  let launched: ReturnType<typeof chromium.launch> | undefined;
  cleanUp(async () => (await launched)?.close());
  return {
    async open(options = {}) {
      assert.ok(existsSync(BUILT), 'The dashboard is not built: npm run build');
      launched ??= chromium.launch({ executablePath: EXECUTABLE, args: ARGS, chromiumSandbox: false });
      const context = await (await launched).newContext({
        viewport: { width: 1440, height: 900 },
        ...options,
      });
      context.setDefaultTimeout(30_000);
      const page = await context.newPage();
      return { context, page, problems: watch(page) };
    },
  };
}

/**
 * Collects what no page may cause: console errors, exceptions, responses from 400 on, and requests that fail or go to
 * another host. The returned function returns the collected problems and resets them.
 */
function watch(page: Page): () => string[] {
  let problems: string[] = [];
  const note = (problem: string) => problems.push(`${page.url()}: ${problem}`);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') note(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => note(`exception: ${error.message}`));
  page.on('response', (answer) => {
    if (answer.status() >= 400) note(`${answer.status()} ${answer.request().method()} ${answer.url()}`);
  });
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? 'failed';
    // Leaving a page aborts its open requests and streams.
    if (reason !== 'net::ERR_ABORTED') note(`${reason}: ${request.url()}`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    const isOwn =
      url.protocol === 'data:' || url.protocol === 'blob:' || url.origin === new URL(page.url()).origin;
    if (!isOwn && page.url() !== 'about:blank') note(`asks another host: ${url.origin}`);
  });
  return () => {
    const collected = problems;
    problems = [];
    return collected;
  };
}

/** The attributes that the server sets. Without SameSite, cross-site forms would send the cookie for two minutes. */
const FLAGS = { sameSite: 'Lax', httpOnly: true } as const;

/** Gives a window the session of an account that signed in through the API: the cookie. */
export async function enterAs({ context }: Window, browser: SignedIn): Promise<void> {
  const cookies = browser
    .cookie()
    .split('; ')
    .map((pair) => pair.split('='));
  await context.addCookies(
    cookies.map(([name = '', value = '']) => ({ name, value, url: browser.url, ...FLAGS })),
  );
  await context.addInitScript(
    `if (origin === '${browser.url}') localStorage.setItem('appflow-signed-in', 'yes')`,
  );
}

/** Runs through the debugger, because the page's CSP blocks evaluating strings. */
const UNTIL_LOADED = `new Promise((resolve, reject) => {
  const startedAt = performance.now();
  const isLoaded = () =>
    document.querySelector('h1, h3') && !document.querySelector('[aria-hidden].animate-pulse.bg-muted, [aria-label=Loading]');
  const look = () => {
    if (isLoaded()) resolve(performance.now());
    else if (performance.now() - startedAt > 10000) reject(new Error('The page keeps loading: ' + location.href));
    else requestAnimationFrame(look);
  };
  look();
})`;

/**
 * Resolves when the page shows its content: it has a heading and no more placeholders. Returns the time since the
 * page was requested, in milliseconds.
 */
export async function untilLoaded(page: Page): Promise<number> {
  return (await page.evaluate(UNTIL_LOADED)) as number;
}

/**
 * Switches the page to this system theme. Resolves when it is painted, because axe would otherwise see parts of both
 * themes.
 */
async function showTheme(page: Page, theme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  await page.evaluate(`new Promise((resolve) => {
    const isShown = () => document.documentElement.classList.contains('dark') === ${theme === 'dark'};
    const look = () => requestAnimationFrame(isShown() ? () => requestAnimationFrame(resolve) : look);
    look();
  })`);
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

type AxeResult = {
  violations: {
    id: string;
    impact: string;
    help: string;
    nodes: { target: string[]; failureSummary: string }[];
  }[];
};

/** Returns the serious and critical violations that axe finds, one per line. `rules` limits the rules that run. */
export async function findViolations(page: Page, rules?: readonly string[]): Promise<string[]> {
  // Runs through the debugger, which the page's CSP does not restrict. Once per page, because axe is large.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE);
  // Without style sheets, which axe would load again although none of the rules reads them.
  const options = { resultTypes: ['violations'], preload: false, ...(rules && { runOnly: rules }) };
  const { violations } = (await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as AxeResult;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) =>
      nodes
        .slice(0, 3)
        .map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')} ${failureSummary}`),
    );
}

/**
 * Shows the page in a theme and returns what `findViolations` finds in it. Looks a second time before it complains: on a
 * busy machine without frames, a link can keep the color of the other theme until the next change.
 */
export async function findViolationsIn(
  page: Page,
  theme: 'light' | 'dark',
  rules?: readonly string[],
): Promise<string[]> {
  await showTheme(page, theme);
  const violations = await findViolations(page, rules);
  if (violations.length === 0) return violations;
  await showTheme(page, theme === 'dark' ? 'light' : 'dark');
  await showTheme(page, theme);
  return findViolations(page, rules);
}
