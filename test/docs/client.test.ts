import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it, mock } from 'node:test';
import { AppflowAdmin } from '../../client/src/admin.ts';
import { Appflow } from '../../client/src/index.ts';
import { limited, refusal, startScriptedServer, stored } from '../client/scripted-server.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeTempDir, startTestServer } from '../support/harness.ts';
import { listBlocks, listExamples, runSnippet } from './snippets.ts';

const { url: baseUrl, project } = await startTestServer();
const folder = makeTempDir();
const { app_id: appId, server_key: serverKey, client_key: clientKey } = project;

/** Replacements for placeholders that a reader would fill in. */
const VALUES = {
  'http://127.0.0.1:8080': baseUrl,
  'sk_af1_…': serverKey,
  'ck_af1_…': clientKey,
  'ro_af1_…': project.read_only_key,
  'app_…': appId,
  './appflow-queue': join(folder, 'queue'),
  './production-ios.key': join(folder, 'production-ios.key'),
  './backend.key': join(folder, 'backend.key'),
  './purchases.csv': join(folder, 'purchases.csv'),
};

/** Snippets log to the console. Their output is not checked, only that the tracker reports no errors. */
before(() => mock.method(console, 'log', () => undefined));
cleanUp(() => mock.restoreAll());

describe('client examples', () => {
  for (const { place, code } of listExamples()) {
    it(`runs the example of ${place}`, async () => {
      const admin = new AppflowAdmin({ apiKey: serverKey, baseUrl });
      const appflow = new Appflow({ apiKey: clientKey, baseUrl, appId });
      const errors: unknown[] = [];
      appflow.on('error', (error) => errors.push(error));
      appflow.on('drop', (drop) => errors.push(drop));
      const { id: keyId, key: leakedKey } = await admin.apiKeys.create({ name: 'Example', type: 'server' });
      const values = { admin, appflow, AppflowAdmin, baseUrl, appId, clientKey, keyId, leakedKey, writeFile };
      await runSnippet(code, folder, VALUES, values);
      await appflow.shutdown();
      assert.deepEqual(errors, []);
    });
  }
});

it('has an example for every public method of the client', () => {
  const places = listExamples().map(({ place }) => place);
  const admin = new AppflowAdmin({ apiKey: serverKey, baseUrl });
  const expected: [file: string, names: string[]][] = [
    ['tracker/tracker', ['export class Appflow', ...methodsOf(Appflow)]],
    ['admin', ['export class AppflowAdmin']],
    ['node', ['export function createFileStorage']],
    ['admin/analytics', Object.keys(admin.analytics)],
    ['admin/annotations', Object.keys(admin.annotations)],
    ['admin/api-keys', Object.keys(admin.apiKeys)],
    ['admin/apps', Object.keys(admin.apps)],
    ['admin/audit-log', Object.keys(admin.auditLog)],
    ['admin/events', Object.keys(admin.events)],
    ['admin/funnels', Object.keys(admin.funnels)],
    ['admin/ingestion', Object.keys(admin.ingestion)],
    ['admin/project', Object.keys(admin.project)],
    ['admin/users', Object.keys(admin.users)],
    ['admin/views', Object.keys(admin.views)],
  ];
  const all = expected.flatMap(([file, names]) => names.map((name) => `client/src/${file}.ts: ${name}`));
  assert.deepEqual(places.map((place) => place.replace('async ', '')).sort(), all.sort());
});

const methodsOf = ({ prototype }: typeof Appflow) =>
  Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');

const PAGES = [
  'docs/guides/client.md',
  'docs/guides/snippets.md',
  'docs/guides/rate-limits.md',
  'client/README.md',
];

for (const page of PAGES) {
  describe(`the snippets of ${page}`, () => {
    for (const { place, code } of listBlocks(page)) {
      it(`runs the snippet ${place}`, () => runSnippet(code, folder, VALUES));
    }
  });
}

it('every example that creates a secret stores it', () => {
  const creating = [...listExamples(), ...PAGES.flatMap(listBlocks)].filter(({ code }) =>
    /apiKeys\.(create|rotate)\(/.test(code),
  );
  assert.ok(creating.length >= 4);
  for (const { place, code } of creating)
    assert.match(code, /\bkey \} = await [\s\S]*writeFile\('[^']+', key,/, place);
});

it('the Node snippet without the client sends the same events until they are stored, and waits as long as it has to', async () => {
  const answers = [
    limited(7),
    refusal(503, 'overloaded'),
    refusal(408, 'request_too_slow'),
    refusal(500, 'internal'),
  ];
  const world = await startScriptedServer(({ body }, n) => answers[n] ?? stored(body));
  const waits: number[] = [];
  // Waits no time.
  const setTimeout = (run: () => void, ms: number) => {
    waits.push(Math.floor(ms / 1_000));
    setImmediate(run);
  };
  const [{ code } = { code: '' }] = listBlocks('docs/guides/snippets.md');
  await runSnippet(code, folder, { ...VALUES, 'http://127.0.0.1:8080': world.url }, { setTimeout });
  assert.equal(world.seen.length, 5);
  for (const { body } of world.seen) assert.deepEqual(body.events, world.seen[0]?.body.events);
  // Retry-After, then 2, 4 and 8 seconds; up to a second is random.
  assert.deepEqual(waits, [7, 2, 4, 8]);
});

it('the Node snippet without the client does not retry what would fail again', async () => {
  const [{ code } = { code: '' }] = listBlocks('docs/guides/snippets.md');
  for (const status of [400, 401, 413, 422]) {
    const world = await startScriptedServer(() => refusal(status, 'refused'));
    const values = { ...VALUES, 'http://127.0.0.1:8080': world.url };
    await assert.rejects(runSnippet(code, folder, values), /The batch was refused: .*"refused"/);
    assert.equal(world.seen.length, 1);
  }
});

it('names every entry point of the package in the client guide', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/client.md'), 'utf8');
  const { exports } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../client/package.json'), 'utf8'),
  );
  for (const entry of Object.keys(exports))
    assert.ok(guide.includes(`@appflow/client${entry.slice(1)}'`), entry);
});
