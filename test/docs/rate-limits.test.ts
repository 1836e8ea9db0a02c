import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeTempDir } from '../support/harness.ts';
import { listBlocks, runSnippet } from './snippets.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z');
const folder = makeTempDir();
const [sample] = listBlocks('docs/guides/rate-limits.md').filter(({ code }) =>
  code.includes('fetchWithRetry'),
);

/** Runs the guide's sample against one 429 per Retry-After value, then a 200. Returns the waits in milliseconds. */
async function listWaits(retryAfters: readonly (string | undefined)[]): Promise<number[]> {
  assert.ok(sample);
  const waits: number[] = [];
  const left = [...retryAfters];
  const fetch = async () => {
    if (left.length === 0) return Response.json({});
    const text = left.shift();
    return new Response('', { status: 429, headers: text === undefined ? {} : { 'retry-after': text } });
  };
  await runSnippet(
    sample.code,
    folder,
    {},
    {
      fetch,
      setTimeout(run: () => void, ms: number) {
        waits.push(ms);
        queueMicrotask(run);
      },
      Date: { now: () => NOW, parse: Date.parse },
      Math: { ...Math, max: Math.max, min: Math.min, random: () => 0 },
      console: { log: () => undefined },
    },
  );
  return waits;
}

describe('the retry sample of the rate-limit guide', () => {
  const cases: [what: string, retryAfter: string | undefined, waitMs: number][] = [
    ['in seconds', '3', 3_000],
    ['a date', new Date(NOW + 5_000).toUTCString(), 5_000],
    ['a date in the past', new Date(NOW - 5_000).toUTCString(), 1_000],
    ['missing', undefined, 1_000],
    ['empty', '', 1_000],
    ['0', '0', 1_000],
    ['neither a number nor a date', 'soon', 1_000],
    ['longer than a timer can wait', '9999999999', 86_400_000],
    ['too large to parse', '9'.repeat(400), 86_400_000],
  ];
  for (const [what, retryAfter, waitMs] of cases) {
    it(`waits at least a second if Retry-After is ${what}`, async () => {
      assert.deepEqual(await listWaits([retryAfter]), [waitMs]);
    });
  }

  it('doubles the wait after each further 429, up to a minute, unless Retry-After is longer', async () => {
    const retryAfters = ['1', '1', '1', '1', '1', '1', '1', '1', '90'];
    const seconds = [1, 2, 4, 8, 16, 32, 60, 60, 90];
    assert.deepEqual(
      await listWaits(retryAfters),
      seconds.map((each) => each * 1_000),
    );
  });
});
