import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { it } from 'node:test';
import { createGithubKeys, parseGithubKeys } from './github-keys.ts';

const DAY_MS = 86_400_000;

function makeAnswer(...identifiers: string[]): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = publicKey.export({ type: 'spki', format: 'pem' });
  return JSON.stringify({ public_keys: identifiers.map((key_identifier) => ({ key_identifier, key })) });
}

function makeKeys() {
  const github = { answer: makeAnswer('k1'), asked: 0, isDown: false };
  const time = { nowMs: 0 };
  const fetch: typeof globalThis.fetch = async () => {
    github.asked += 1;
    if (github.isDown) throw new TypeError('fetch failed');
    return new Response(github.answer);
  };
  return { github, time, keys: createGithubKeys({ fetch, nowMs: () => time.nowMs }) };
}

it('asks GitHub once for many reports, and again after a day', async () => {
  const { github, time, keys } = makeKeys();
  const found = await Promise.all([keys.find('k1'), keys.find('k1'), keys.find('k1')]);
  assert.ok(found.every((key) => key !== undefined));
  assert.equal(github.asked, 1);
  time.nowMs += DAY_MS - 1;
  await keys.find('k1');
  assert.equal(github.asked, 1);
  time.nowMs += 1;
  await keys.find('k1');
  assert.equal(github.asked, 2);
});

it('asks at most once a minute about identifiers that nobody has', async () => {
  const { github, time, keys } = makeKeys();
  await keys.find('k1');
  for (let index = 0; index < 50; index += 1) assert.equal(await keys.find(`made-up-${index}`), undefined);
  assert.equal(github.asked, 1);
  time.nowMs += 60_000;
  github.answer = makeAnswer('k1', 'k2');
  assert.ok(await keys.find('k2'));
  assert.equal(github.asked, 2);
});

it('serves on with the keys it has while GitHub is down, and says so of those it has not', async () => {
  const { github, time, keys } = makeKeys();
  await keys.find('k1');
  github.isDown = true;
  time.nowMs += DAY_MS;
  assert.ok(await keys.find('k1'));
  time.nowMs += 60_000;
  await assert.rejects(keys.find('k2'));
});

it('asks nobody when keys are pinned', async () => {
  const fetch = () => assert.fail('asked');
  const keys = createGithubKeys({ pinned: parseGithubKeys(makeAnswer('k1')), fetch });
  assert.ok(await keys.find('k1'));
  assert.equal(await keys.find('k2'), undefined);
});

it('refuses a list that is none, and keys of another kind', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const key = publicKey.export({ type: 'spki', format: 'pem' });
  const other = JSON.stringify({ public_keys: [{ key_identifier: 'k1', key }] });
  for (const text of ['', '{}', '{"public_keys":[]}', '{"public_keys":[{}]}', other]) {
    assert.throws(() => parseGithubKeys(text), text);
  }
});
