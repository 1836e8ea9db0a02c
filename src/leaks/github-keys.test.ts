import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { it } from 'node:test';
import { parseGithubKeys } from '../config/scanning-keys.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../lib/durations.ts';
import { openLog } from '../lib/log.ts';
import { createGithubKeys, type GithubKeys } from './github-keys.ts';

function makeAnswer(...identifiers: string[]): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = publicKey.export({ type: 'spki', format: 'pem' });
  return JSON.stringify({ public_keys: identifiers.map((key_identifier) => ({ key_identifier, key })) });
}

type Github = {
  answer: string;
  fetches: number;
  isDown: boolean;
  hang: PromiseWithResolvers<void> | undefined;
};

function makeKeys() {
  const github: Github = { answer: makeAnswer('k1'), fetches: 0, isDown: false, hang: undefined };
  const time = { nowMs: 0 };
  const fetch: typeof globalThis.fetch = async () => {
    github.fetches += 1;
    await github.hang?.promise;
    if (github.isDown) throw new TypeError('fetch failed');
    return new Response(github.answer);
  };
  const lines: string[] = [];
  const log = openLog('info', (line) => line, { write: (line) => lines.push(line) });
  return { github, time, lines, keys: createGithubKeys({ fetch, nowMs: () => time.nowMs, log }) };
}

/** Fails unless the key was found. */
async function find(keys: GithubKeys, identifier: string): Promise<void> {
  assert.equal((await keys.find(identifier)).outcome, 'found');
}

const isUnknown = async (keys: GithubKeys, identifier: string) =>
  (await keys.find(identifier)).outcome === 'unknown';

async function waitOf(keys: GithubKeys, identifier: string): Promise<number> {
  const answer = await keys.find(identifier);
  assert.ok(answer.outcome === 'unavailable', answer.outcome);
  return answer.retryAfterSeconds;
}

it('fetches the list once for many reports, and again after a day', async () => {
  const { github, time, keys } = makeKeys();
  await Promise.all([find(keys, 'k1'), find(keys, 'k1'), find(keys, 'k1')]);
  assert.equal(github.fetches, 1);
  time.nowMs += DAY_MS - 1;
  await find(keys, 'k1');
  assert.equal(github.fetches, 1);
  time.nowMs += 1;
  await find(keys, 'k1');
  assert.equal(github.fetches, 2);
});

it('fetches the list at most once per minute for unknown identifiers', async () => {
  const { github, time, keys } = makeKeys();
  await find(keys, 'k1');
  time.nowMs += MINUTE_MS - 1;
  for (let index = 0; index < 50; index += 1) assert.ok(await isUnknown(keys, `made-up-${index}`));
  assert.equal(github.fetches, 1);
  time.nowMs += 1;
  github.answer = makeAnswer('k1', 'k2');
  await find(keys, 'k2');
  assert.equal(github.fetches, 2);
});

// Regression: one failure made keys unknown for a minute, and GitHub does not resend reports rejected as forged.
it('never reports a key as unknown while GitHub does not respond, and returns how long to wait', async () => {
  const { github, time, keys } = makeKeys();
  github.isDown = true;
  assert.deepEqual(await Promise.all([waitOf(keys, 'k1'), waitOf(keys, 'k1')]), [60, 60]);
  time.nowMs += 1_001;
  assert.equal(await waitOf(keys, 'k1'), 59);
  time.nowMs = MINUTE_MS - 1;
  assert.equal(await waitOf(keys, 'k1'), 1);
  assert.equal(github.fetches, 1);
  github.isDown = false;
  time.nowMs += 1;
  await find(keys, 'k1');
  assert.ok(await isUnknown(keys, 'k2'));
  assert.equal(github.fetches, 2);
  // However long it was down before, the list is fetched every minute for a report that waits for a new key.
  github.isDown = true;
  for (let minute = 1; minute <= 10; minute += 1) {
    time.nowMs += MINUTE_MS;
    assert.equal(await waitOf(keys, 'k2'), 60);
    await find(keys, 'k1');
    assert.equal(github.fetches, 2 + minute);
  }
});

// Regression: every report that could not be verified was logged with the reason.
it('logs once that GitHub does not respond, however many reports come, and once that it does again', async () => {
  const { github, time, lines, keys } = makeKeys();
  github.isDown = true;
  for (let minute = 0; minute < 5; minute += 1) {
    for (let index = 0; index < 100; index += 1) await waitOf(keys, `made-up-${index}`);
    time.nowMs += MINUTE_MS;
  }
  assert.equal(github.fetches, 5);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /fetch failed.*cannot be fetched/);
  github.isDown = false;
  await find(keys, 'k1');
  assert.equal(lines.length, 2);
  assert.match(lines[1] ?? '', /"failures":5.*fetched again/);
});

// Regression: one failure kept the old list for another day.
it('keeps using cached keys while GitHub is down, and retries after 1, 2, 4 … at most 60 minutes', async () => {
  const { github, time, keys } = makeKeys();
  await find(keys, 'k1');
  github.isDown = true;
  time.nowMs += DAY_MS;
  await find(keys, 'k1');
  assert.equal(github.fetches, 2);
  for (const [index, minutes] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
    time.nowMs += minutes * MINUTE_MS - 1;
    await find(keys, 'k1');
    assert.equal(github.fetches, 2 + index, `${minutes} minutes are not over`);
    time.nowMs += 1;
    await find(keys, 'k1');
    assert.equal(github.fetches, 3 + index, `${minutes} minutes are over`);
  }
  github.isDown = false;
  github.answer = makeAnswer('k2');
  time.nowMs += HOUR_MS;
  assert.ok(await isUnknown(keys, 'k1'), 'a key that GitHub took back is not believed any more');
  await find(keys, 'k2');
});

it('delays no report with a cached key while the list is fetched for another identifier', async () => {
  const { github, time, keys } = makeKeys();
  await find(keys, 'k1');
  time.nowMs += MINUTE_MS;
  github.hang = Promise.withResolvers();
  const other = keys.find('made-up');
  await find(keys, 'k1');
  github.hang.resolve();
  assert.equal((await other).outcome, 'unknown');
});

it('fetches nothing if keys are pinned', async () => {
  const fetch = () => assert.fail('fetches');
  const keys = createGithubKeys({ pinned: parseGithubKeys(makeAnswer('k1')), fetch });
  await find(keys, 'k1');
  assert.ok(await isUnknown(keys, 'k2'));
});

it('rejects an invalid list, and keys of another kind', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const key = publicKey.export({ type: 'spki', format: 'pem' });
  const other = JSON.stringify({ public_keys: [{ key_identifier: 'k1', key }] });
  for (const text of ['', '{}', '{"public_keys":[]}', '{"public_keys":[{}]}', other]) {
    assert.throws(() => parseGithubKeys(text), text);
  }
});
