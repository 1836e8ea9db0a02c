import assert from 'node:assert/strict';
import { type Answer, type Api, connect } from './harness.ts';

/** A browser on a dashboard page: keeps cookies, and sends Origin and the CSRF token with every change. */
export type Browser = Api & {
  /** Returns the Cookie header it would send. */
  cookie: () => string;
  /** Returns the `Set-Cookie` headers of the last response that had any. */
  lastCookies: () => readonly string[];
};

export const PASSWORD = 'correct horse battery staple';

/** Returns a browser without cookies. `fixed` headers are sent with every request. */
export function openBrowser(url: string, fixed: Record<string, string> = {}): Browser {
  const api = connect(url);
  const jar = new Map<string, string>();
  let lastCookies: readonly string[] = [];
  let csrfToken: string | undefined;
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ');

  function keep(answer: Answer): void {
    const lines = answer.headers.getSetCookie();
    if (lines.length > 0) lastCookies = lines;
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    if (typeof answer.body?.csrf_token === 'string') csrfToken = answer.body.csrf_token;
  }

  return {
    url,
    cookie,
    lastCookies: () => lastCookies,
    async call(method, path, { headers = {}, ...rest } = {}) {
      const own: Record<string, string> = { origin: url, ...fixed };
      if (jar.size > 0) own.cookie = cookie();
      if (csrfToken !== undefined && method !== 'GET') own['x-appflow-csrf'] = csrfToken;
      const answer = await api.call(method, path, { ...rest, headers: { ...own, ...headers } });
      keep(answer);
      return answer;
    },
  };
}

/** Returns the fragment of a link, which holds its token. */
export const tokenOf = (link: string | undefined): string => link?.split('#')[1] ?? assert.fail('a link');

/** Creates the first account in a new browser, which stays signed in. */
export async function setUp(url: string, setupUrl: string | undefined): Promise<Browser> {
  const browser = openBrowser(url);
  const body = { token: tokenOf(setupUrl), name: 'Owner', email: 'owner@example.com', password: PASSWORD };
  const answer = await browser.call('POST', '/app/v1/setup', { body });
  assert.equal(answer.status, 201, answer.text);
  return browser;
}

/** Sends the password again, and a code for an account with a second factor (step-up authentication). */
export async function stepUp(browser: Browser, password = PASSWORD, code?: string): Promise<void> {
  const body = { password, ...(code === undefined ? {} : { code }) };
  const answer = await browser.call('POST', '/app/v1/step-up', { body });
  assert.equal(answer.status, 200, answer.text);
}

/** Invites a person, who creates an account and stays signed in. Steps `owner` up if necessary. */
export async function join(owner: Browser, projectId: string, role: string, name: string): Promise<Browser> {
  const path = `/app/v1/projects/${projectId}/invitations`;
  const email = `${name.toLowerCase()}@example.com`;
  const invite = () => owner.call('POST', path, { body: { email, role } });
  let invited = await invite();
  if (invited.body.code === 'step_up_required') {
    await stepUp(owner);
    invited = await invite();
  }
  assert.equal(invited.status, 201, invited.text);
  const browser = openBrowser(owner.url);
  const body = { token: tokenOf(invited.body.link), name, password: PASSWORD };
  const accepted = await browser.call('POST', '/app/v1/invitations/accept', { body });
  assert.equal(accepted.status, 200, accepted.text);
  return browser;
}

/** Signs in with a new browser. */
export async function signIn(url: string, email: string): Promise<Browser> {
  const browser = openBrowser(url);
  const answer = await browser.call('POST', '/app/v1/sign-in', { body: { email, password: PASSWORD } });
  assert.equal(answer.status, 200, answer.text);
  return browser;
}
