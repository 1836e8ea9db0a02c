import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS_OFF } from '../../support/harness.ts';

/** The limits of a server as it is installed. Attackers may claim addresses, as behind a proxy. */
export const PRODUCTION = {
  ...Object.fromEntries(Object.keys(LIMITS_OFF).map((name) => [name, ''])),
  TRUSTED_PROXIES: '127.0.0.1',
  LOG_LEVEL: 'warn',
};

/** Waits for the setup link: it is printed after the line that says where the server listens. */
export async function findSetupUrl(output: () => string): Promise<string> {
  for (;;) {
    const [link] = /\S+\/setup#\S+(?=\s)/.exec(output()) ?? [];
    if (link !== undefined) return link;
    await sleep(20);
  }
}
