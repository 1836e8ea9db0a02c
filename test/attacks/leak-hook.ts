import { attacker, bodyOf, HOOK, signedBy } from '../support/github-report.ts';
import { connect } from '../support/harness.ts';
import type { Attack } from './attack.ts';

const PARALLEL = 8;

/** A report of 1 MB that would take long to parse. */
const DEEP = '['.repeat(500_000) + ']'.repeat(500_000);
const EXPENSIVE_EVERY = 16;

/** Sends reports of leaked keys that GitHub did not sign: without a signature, with a garbled one, and with another's. */
export const leakHook: Attack = {
  name: 'leak hook',
  async run({ url }, signal) {
    const api = connect(url);
    const statuses = new Map<number, number>();
    const body = bodyOf('sk_not_a_key');
    const kinds = [
      {},
      { ...signedBy(attacker.privateKey, body), 'github-public-key-signature': 'A'.repeat(96) },
    ];
    const flood = async (worker: number) => {
      for (let index = worker; !signal.aborted; index += PARALLEL) {
        if (index % EXPENSIVE_EVERY === worker) {
          const expensive = { body: DEEP, headers: kinds[1] ?? {} };
          const { status } = await api.call('POST', HOOK, expensive);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
        const headers = kinds[index % 4] ?? signedBy(attacker.privateKey, body, `key-${index}`);
        const { status } = await api.call('POST', HOOK, { body, headers });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, (_, worker) => flood(worker).catch(() => undefined)));
    return [...statuses].map(([status, count]) => `${count} times ${status}`).join(', ');
  },
};
