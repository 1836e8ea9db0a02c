import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, mock } from 'node:test';
import { AppflowAdmin } from '../../client/src/admin.ts';
import { Appflow } from '../../client/src/index.ts';
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
      await runSnippet(code, folder, VALUES, { admin, appflow, AppflowAdmin, baseUrl, appId, clientKey });
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
    ['admin/api-keys', Object.keys(admin.apiKeys)],
    ['admin/apps', Object.keys(admin.apps)],
    ['admin/audit-log', Object.keys(admin.auditLog)],
    ['admin/events', Object.keys(admin.events)],
    ['admin/project', Object.keys(admin.project)],
  ];
  const all = expected.flatMap(([file, names]) => names.map((name) => `client/src/${file}.ts: ${name}`));
  assert.deepEqual(places.map((place) => place.replace('async ', '')).sort(), all.sort());
});

const methodsOf = ({ prototype }: typeof Appflow) =>
  Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');

for (const page of ['docs/guides/client.md', 'docs/guides/rate-limits.md', 'client/README.md']) {
  describe(`the snippets of ${page}`, () => {
    for (const { place, code } of listBlocks(page)) {
      it(`runs the snippet ${place}`, () => runSnippet(code, folder, VALUES));
    }
  });
}

it('names every entry point of the package in the client guide', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/client.md'), 'utf8');
  const { exports } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../client/package.json'), 'utf8'),
  );
  for (const entry of Object.keys(exports))
    assert.ok(guide.includes(`@appflow/client${entry.slice(1)}'`), entry);
});
