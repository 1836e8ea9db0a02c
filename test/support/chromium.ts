import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, it, type TestContext } from 'node:test';
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Browser as SignedIn } from './browser.ts';

const EXECUTABLE = '/usr/bin/chromium';
const HAS_CHROMIUM = existsSync(EXECUTABLE);
const BUILT = join(import.meta.dirname, '../../dashboard/dist/index.html');

/** Nothing of its own over the network: what a page asks for is all that Chromium asks for. */
const ARGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Registers a test that needs Chromium. Without it the test counts as skipped, which no run that matters accepts. */
export function browserTest(name: string, run: (test: TestContext) => Promise<void>): void {
  const skip = HAS_CHROMIUM ? false : `${EXECUTABLE} is missing: apt-get install chromium`;
  it(name, { skip }, run);
}

/** A window of its own: cookies, storage and clipboard are shared with no other. */
export type Window = { context: BrowserContext; page: Page; troubles: () => string[] };

export type Chromium = { open: (options?: BrowserContextOptions) => Promise<Window> };

/** Returns a Chromium that starts when the first window is wanted and ends with the test file. */
export function startChromium(): Chromium {
  let launched: ReturnType<typeof chromium.launch> | undefined;
  after(async () => (await launched)?.close());
  return {
    async open(options = {}) {
      assert.ok(existsSync(BUILT), 'The dashboard is not built: npm run build');
      launched ??= chromium.launch({ executablePath: EXECUTABLE, args: ARGS, chromiumSandbox: false });
      const context = await (await launched).newContext({
        viewport: { width: 1440, height: 900 },
        ...options,
      });
      context.setDefaultTimeout(15_000);
      const page = await context.newPage();
      return { context, page, troubles: watch(page) };
    },
  };
}

/**
 * Collects what no page may do: errors in the console, exceptions, answers from 400 on, requests that fail or go to
 * another host. The returned function gives what was collected and forgets it.
 */
function watch(page: Page): () => string[] {
  let troubles: string[] = [];
  const note = (trouble: string) => troubles.push(`${page.url()}: ${trouble}`);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') note(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => note(`exception: ${error.message}`));
  page.on('response', (answer) => {
    if (answer.status() >= 400) note(`${answer.status()} ${answer.request().method()} ${answer.url()}`);
  });
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? 'failed';
    // A page that is left takes its open questions and streams back.
    if (reason !== 'net::ERR_ABORTED') note(`${reason}: ${request.url()}`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    const isOwn =
      url.protocol === 'data:' || url.protocol === 'blob:' || url.origin === new URL(page.url()).origin;
    if (!isOwn && page.url() !== 'about:blank') note(`asks another host: ${url.origin}`);
  });
  return () => {
    const collected = troubles;
    troubles = [];
    return collected;
  };
}

/** As the server sets them: a cookie without the first would go along with another site's form for two minutes. */
const FLAGS = { sameSite: 'Lax', httpOnly: true } as const;

/** Gives a window the session of somebody who signed in by the API: what a browser keeps of it. */
export async function enterAs({ context }: Window, who: SignedIn): Promise<void> {
  const cookies = who
    .cookie()
    .split('; ')
    .map((pair) => pair.split('='));
  await context.addCookies(
    cookies.map(([name = '', value = '']) => ({ name, value, url: who.url, ...FLAGS })),
  );
  await context.addInitScript(
    `if (origin === '${who.url}') localStorage.setItem('appflow-signed-in', 'yes')`,
  );
}

/** Run by the debugger, since no page lets strings be evaluated. */
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
 * Resolves when the page shows its content: its heading is there, and nothing holds the place of something to come.
 * Returns how long that took since the page was asked for, in milliseconds.
 */
export async function untilLoaded(page: Page): Promise<number> {
  return (await page.evaluate(UNTIL_LOADED)) as number;
}

/** Shows the page in this theme of the system; resolves once that is painted: axe would else see a bit of both. */
export async function showTheme(page: Page, theme: 'light' | 'dark'): Promise<void> {
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

/** Returns what axe finds on the page that is serious or critical, one line each; `rules` are all unless some are named. */
export async function findBarriers(page: Page, rules?: readonly string[]): Promise<string[]> {
  // By the debugger, which the page's policy does not govern; once a page, it is large.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE);
  // Without the style sheets, which no rule that is run looks into, and which it would load anew.
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
