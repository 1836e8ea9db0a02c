import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { it } from 'node:test';
import { createGithubKeys, type GithubKeys } from '../leaks/github-keys.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../lib/durations.ts';
import { parseGithubKeys } from './scanning-keys.ts';

function makeAnswer(...identifiers: string[]): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = publicKey.export({ type: 'spki', format: 'pem' });
  return JSON.stringify({ public_keys: identifiers.map((key_identifier) => ({ key_identifier, key })) });
}

type Github = {
  answer: string;
  asked: number;
  isDown: boolean;
  hang: PromiseWithResolvers<void> | undefined;
};

function makeKeys() {
  const github: Github = { answer: makeAnswer('k1'), asked: 0, isDown: false, hang: undefined };
  const time = { nowMs: 0 };
  const fetch: typeof globalThis.fetch = async () => {
    github.asked += 1;
    await github.hang?.promise;
    if (github.isDown) throw new TypeError('fetch failed');
    return new Response(github.answer);
  };
  return { github, time, keys: createGithubKeys({ fetch, nowMs: () => time.nowMs }) };
}

/** Fails unless the key is there. */
async function find(keys: GithubKeys, identifier: string): Promise<void> {
  assert.equal((await keys.find(identifier)).outcome, 'found');
}

const isUnknown = async (keys: GithubKeys, identifier: string) =>
  (await keys.find(identifier)).outcome === 'unknown';

async function waitOf(keys: GithubKeys, identifier: string): Promise<number> {
  const answer = await keys.find(identifier);
  assert.ok(answer.outcome === 'unavailable', answer.outcome);
  assert.ok(answer.cause instanceof TypeError);
  return answer.retryAfterSeconds;
}

it('asks GitHub once for many reports, and again after a day', async () => {
  const { github, time, keys } = makeKeys();
  await Promise.all([find(keys, 'k1'), find(keys, 'k1'), find(keys, 'k1')]);
  assert.equal(github.asked, 1);
  time.nowMs += DAY_MS - 1;
  await find(keys, 'k1');
  assert.equal(github.asked, 1);
  time.nowMs += 1;
  await find(keys, 'k1');
  assert.equal(github.asked, 2);
});

it('asks at most once a minute about identifiers that nobody has', async () => {
  const { github, time, keys } = makeKeys();
  await find(keys, 'k1');
  time.nowMs += MINUTE_MS - 1;
  for (let index = 0; index < 50; index += 1) assert.ok(await isUnknown(keys, `made-up-${index}`));
  assert.equal(github.asked, 1);
  time.nowMs += 1;
  github.answer = makeAnswer('k1', 'k2');
  await find(keys, 'k2');
  assert.equal(github.asked, 2);
});

// It said "unknown" for a minute after one failure, and GitHub does not send again what was refused as forged.
it('never says that GitHub has no such key while that cannot be known, and how long to wait', async () => {
  const { github, time, keys } = makeKeys();
  github.isDown = true;
  assert.deepEqual(await Promise.all([waitOf(keys, 'k1'), waitOf(keys, 'k1')]), [60, 60]);
  time.nowMs += 1_001;
  assert.equal(await waitOf(keys, 'k1'), 59);
  time.nowMs = MINUTE_MS - 1;
  assert.equal(await waitOf(keys, 'k1'), 1);
  assert.equal(github.asked, 1);
  github.isDown = false;
  time.nowMs += 1;
  await find(keys, 'k1');
  assert.ok(await isUnknown(keys, 'k2'));
  assert.equal(github.asked, 2);
  // However long it was down before, a report that waits for a new key is asked for every minute.
  github.isDown = true;
  for (let minute = 1; minute <= 10; minute += 1) {
    time.nowMs += MINUTE_MS;
    assert.equal(await waitOf(keys, 'k2'), 60);
    await find(keys, 'k1');
    assert.equal(github.asked, 2 + minute);
  }
});

// One failure meant that the old list was kept for another day.
it('serves on with the keys it has while GitHub is down, and asks again after 1, 2, 4 … at most 60 minutes', async () => {
  const { github, time, keys } = makeKeys();
  await find(keys, 'k1');
  github.isDown = true;
  time.nowMs += DAY_MS;
  await find(keys, 'k1');
  assert.equal(github.asked, 2);
  for (const [index, minutes] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
    time.nowMs += minutes * MINUTE_MS - 1;
    await find(keys, 'k1');
    assert.equal(github.asked, 2 + index, `${minutes} minutes are not over`);
    time.nowMs += 1;
    await find(keys, 'k1');
    assert.equal(github.asked, 3 + index, `${minutes} minutes are over`);
  }
  github.isDown = false;
  github.answer = makeAnswer('k2');
  time.nowMs += HOUR_MS;
  assert.ok(await isUnknown(keys, 'k1'), 'a key that GitHub took back is not believed any more');
  await find(keys, 'k2');
});

it('makes no report wait for a list that another one, with a made-up identifier, is asked for', async () => {
  const { github, time, keys } = makeKeys();
  await find(keys, 'k1');
  time.nowMs += MINUTE_MS;
  github.hang = Promise.withResolvers();
  const other = keys.find('made-up');
  await find(keys, 'k1');
  github.hang.resolve();
  assert.equal((await other).outcome, 'unknown');
});

it('asks nobody when keys are pinned', async () => {
  const fetch = () => assert.fail('asked');
  const keys = createGithubKeys({ pinned: parseGithubKeys(makeAnswer('k1')), fetch });
  await find(keys, 'k1');
  assert.ok(await isUnknown(keys, 'k2'));
});

it('refuses a list that is none, and keys of another kind', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const key = publicKey.export({ type: 'spki', format: 'pem' });
  const other = JSON.stringify({ public_keys: [{ key_identifier: 'k1', key }] });
  for (const text of ['', '{}', '{"public_keys":[]}', '{"public_keys":[{}]}', other]) {
    assert.throws(() => parseGithubKeys(text), text);
  }
});
