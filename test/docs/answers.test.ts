import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { renderSamples, toRequest } from '../../dashboard/docs/reference/code-samples.ts';
import {
  listOperations,
  nameOf,
  type OpenApi,
  type Operation,
} from '../../dashboard/docs/reference/openapi.ts';
import type { RecordedAnswer, RecordedAnswers } from '../../dashboard/docs/reference/operation.ts';
import { SAMPLE_ORIGIN } from '../../dashboard/docs/reference/sample-origin.ts';
import { redactSecrets } from '../../src/directory/secret.ts';
import { startServer } from '../../src/server/start.ts';
import { setUp, stepUp } from '../support/browser.ts';
import { requireDocumented } from '../support/documented-answers.ts';
import { HOOK, sendSigned, writeKeysFile } from '../support/github-report.ts';
import { connect, makeClock, makeConfig, stopBeforeRemoval } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';

// The request of each route in the API reference, sent as its curl sample, and the answer that is shown beside it. `APPFLOW_RECORD=1`
// writes the answers to docs/answers.json; otherwise they must still have the same status and form.

const DOCS = join(import.meta.dirname, '../../docs');
const ANSWERS = join(DOCS, 'answers.json');
const RECORDS = process.env.APPFLOW_RECORD === '1';
const api: OpenApi = JSON.parse(readFileSync(join(DOCS, 'openapi.json'), 'utf8'));
const recorded: RecordedAnswers = RECORDS ? {} : JSON.parse(readFileSync(ANSWERS, 'utf8'));

/** First what reads events, then what deletes them, then everything else, then what lists what was created. */
function rankOf({ operationId, path }: Operation): number {
  if (operationId === 'eraseUser') return 1;
  if (operationId === 'getErasure') return 2;
  if (/^list(?:Annotations|Views|Funnels)$/.test(operationId)) return 4;
  return /^\/v1\/(?:events|ingestion|analytics|users)/.test(path) ? 0 : 3;
}

/** Without the one that returns the document that the reference is made from. */
const operations = listOperations(api)
  .filter(({ operationId }) => operationId !== 'getOpenApi')
  .toSorted((one, other) => rankOf(one) - rankOf(other));

const clock = makeClock();
clock.set(Date.parse('2026-11-22T10:00:05.412Z'));
const config = makeConfig({ APPFLOW_GITHUB_SCANNING_KEYS_FILE: writeKeysFile() });
const server = await startServer(config, { clock });
stopBeforeRemoval(config.dataDir, server.stop);
const owner = await setUp(server.url, server.setupUrl);
await stepUp(owner);
const http = connect(server.url);

async function create(path: string, body: object) {
  const answer = await owner.call('POST', path, { body });
  assert.ok(answer.status < 300, answer.text);
  trackSecrets(answer.text);
  return answer.body;
}

const { id: projectId } = await create('/app/v1/projects', { name: 'Notes' });
const inProject = `/app/v1/projects/${projectId}`;
const { id: appId } = await create(`${inProject}/apps`, { name: 'Notes for iOS', platform: 'ios' });
const { id: keyId, key } = await create(`${inProject}/api-keys`, { name: 'Backend', type: 'server' });

async function send(method: string, path: string, body?: object) {
  const answer = await http.call(method, path, { key, ...(body && { body }) });
  assert.ok(answer.status < 300, answer.text);
  trackSecrets(answer.text);
  return answer.body;
}

const DAY_MS = 86_400_000;
const STEPS = ['onboarding_complete', 'trial_started', 'purchase_complete'] as const;
const COUNTRIES = ['DE', 'DE', 'AT', 'US'] as const;

/** Twelve people over three weeks, who do one to three steps and come back the next day. */
function listEvents(): object[] {
  return Array.from({ length: 12 }, (_, person) => {
    const days = person % 2 === 0 ? person : (person % 4) * 7;
    const startMs = clock.now() - days * DAY_MS - 3_600_000;
    const context = { platform: 'ios', app_version: '2.4.0', country: COUNTRIES[person % 4] };
    return ['app_open', ...STEPS.slice(0, 1 + (person % 3)), 'app_open'].map((name, at, { length }) => ({
      event_id: `${person}-${at}`,
      event_name: name,
      app_user_id: `user_${123 + person}`,
      session_id: `session_${person}_${at === length - 1 ? 2 : 1}`,
      timestamp: new Date(startMs + at * 60_000 - (at === length - 1 ? 0 : DAY_MS)).toISOString(),
      context,
      properties:
        name === 'purchase_complete' ? { product_id: 'pro_monthly', revenue: '9.99', currency: 'USD' } : {},
    }));
  }).flat();
}

await send('POST', '/v1/events', { events: [...listEvents(), { event_name: '', app_user_id: 'user_123' }] });

const makeKey = async (name: string) => (await send('POST', '/v1/api-keys', { name, type: 'client' })).id;
const makeApp = async (name: string) => (await send('POST', '/v1/apps', { name, platform: 'android' })).id;
const steps = STEPS.map((event_name) => ({ event_name }));
let erasure = '';

/** Returns the ID that replaces the one of the example, after what must happen before. */
const IDS: Record<string, () => Promise<string>> = {
  'GET /v1/apps/{id}': async () => appId,
  'PATCH /v1/apps/{id}': () => makeApp('Notes for Android'),
  'DELETE /v1/apps/{id}': () => makeApp('Old app'),
  'GET /v1/erasures/{id}': async () => erasure,
  'GET /v1/api-keys/{id}/usage': async () => keyId,
  'DELETE /v1/annotations/{id}': async () =>
    (await send('POST', '/v1/annotations', { date: '2026-11-20', text: 'Campaign' })).id,
  async 'POST /v1/api-keys/{id}/end-grace'() {
    const id = await makeKey('Rotated');
    await send('POST', `/v1/api-keys/${id}/rotate`, { grace_seconds: 3_600 });
    return id;
  },
  async 'POST /v1/api-keys/{id}/restore'() {
    const id = await makeKey('Revoked by mistake');
    await send('DELETE', `/v1/api-keys/${id}`);
    return id;
  },
};

const MAKERS: readonly (readonly [pattern: RegExp, make: () => Promise<string>])[] = [
  [/api-keys\/\{id\}/, () => makeKey('Production iOS')],
  [
    /views\/\{id\}/,
    async () =>
      (await send('POST', '/v1/views', { page: 'events', name: `Seen ${clock.now()}`, search: 'range=7d' }))
        .id,
  ],
  [
    /funnels\/\{id\}/,
    async () => {
      const definition = { steps, window_seconds: 86_400, order: 'sequential' };
      return (await send('POST', '/v1/funnels', { name: 'Trial to purchase', definition })).id;
    },
  ],
];

async function findId(operation: Operation): Promise<string | undefined> {
  const name = nameOf(operation);
  const make = IDS[name] ?? MAKERS.find(([pattern]) => pattern.test(name))?.[1];
  return make?.();
}

const run = promisify(execFile);

/** Runs a curl command as it is shown. A stream is read for half a second. */
async function runCurl(command: string, apiKey: string, isStream: boolean): Promise<RecordedAnswer> {
  const limit = isStream ? ' --max-time 0.5' : '';
  const script = `curl() { command curl -sS${limit} -w '\\n%{http_code} %{content_type}' "$@" || [ $? = 28 ]; }\n${command}`;
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], {
    env: { ...process.env, APPFLOW_API_KEY: apiKey },
  });
  const end = stdout.lastIndexOf('\n');
  const [status = '', type = ''] = stdout.slice(end + 1).split(' ');
  return { status: Number(status), type: type.replace(/;.*/, ''), body: stdout.slice(0, end) };
}

/** Returns the answer as the reference shows it: without secrets, and with the ID of the example. */
function toShown({ status, type, body }: RecordedAnswer, replace: (text: string) => string): RecordedAnswer {
  const text = redactSecrets(replace(body));
  return { status, type, body: /json$/.test(type) ? JSON.stringify(JSON.parse(text), null, 2) : text };
}

/** Returns the members of a value and their types; of a list, those of its first element. */
function formOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(formOf);
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, formOf(member)]));
}

const formOfBody = ({ type, body }: RecordedAnswer) =>
  /json$/.test(type) ? formOf(JSON.parse(body)) : body.split('\n', 1);

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

/** What the samples of an operation send: `fill` replaces the server and the ID of the example by real ones. */
type Trial = {
  operation: Operation;
  key: string;
  fill: (text: string) => string;
  show: (text: string) => string;
};

async function prepare(operation: Operation): Promise<Trial> {
  const [example = '-'] = /(?:app|key|ers|ann|view|funnel)_\w{26}/.exec(toRequest(operation).url) ?? [];
  const id = (await findId(operation)) ?? example;
  const revokesItself = operation.operationId === 'revokeCurrentApiKey';
  const body = { name: 'Laptop', type: 'server' };
  return {
    operation,
    key: revokesItself ? (await send('POST', '/v1/api-keys', body)).key : key,
    fill: (text) => text.replaceAll(SAMPLE_ORIGIN, server.url).replaceAll(example, id),
    show: (text) => text.replaceAll(id, example).replaceAll(server.url, SAMPLE_ORIGIN),
  };
}

/** Sends the request as its curl sample does. Only GitHub can sign a report: curl alone cannot. */
async function ask({ operation, key: usedKey, fill }: Trial): Promise<RecordedAnswer> {
  const request = toRequest(operation);
  if (operation.path === HOOK) {
    const { status, text, headers } = await sendSigned(http, JSON.stringify(request.body));
    return { status, type: (headers.get('content-type') ?? '').replace(/;.*/, ''), body: text };
  }
  const [curl] = renderSamples(request);
  return runCurl(fill(curl?.code ?? ''), usedKey, request.answerType === 'text/event-stream');
}

/** Runs the JavaScript sample of an operation and returns what it prints first: the status. */
async function runJavaScript({ operation, key: usedKey, fill }: Trial): Promise<unknown> {
  const request = toRequest(operation);
  // It would never end.
  if (request.answerType === 'text/event-stream') return 200;
  const [, { code = '' } = {}] = renderSamples(request);
  const printed: unknown[] = [];
  const console = { log: (...values: unknown[]) => printed.push(...values) };
  await AsyncFunction('process', 'console', fill(code))({ env: { APPFLOW_API_KEY: usedKey } }, console);
  return printed[0];
}

/** Fails if the OpenAPI document does not describe the answer. */
function requireDescribed({ operation, fill }: Trial, { status, type, body: text }: RecordedAnswer): void {
  const body = /json$/.test(type) ? JSON.parse(text) : text;
  const headers = new Headers(type === '' ? {} : { 'content-type': type });
  requireDocumented(operation.method, new URL(fill(toRequest(operation).url)).pathname, {
    status,
    headers,
    text,
    body,
  });
}

/** What the operations that follow need. */
async function follow({ operationId }: Operation, { body }: RecordedAnswer): Promise<void> {
  if (operationId === 'eraseUser') erasure = JSON.parse(body).id;
  // Their keys have no expiry date.
  if (operationId === 'updateProject') await send('PATCH', '/v1/project', { max_key_lifetime_days: null });
}

const answers: Record<string, RecordedAnswer> = {};
const HINT = 'no answer is recorded: APPFLOW_RECORD=1 node --test test/docs/answers.test.ts';

describe('the API reference', () => {
  for (const operation of operations) {
    const name = nameOf(operation);
    it(`shows requests of ${name} that work, and an answer as the server gives it`, async () => {
      const trial = await prepare(operation);
      const answer = await ask(trial);
      assert.ok(answer.status < 300, `${answer.status} ${answer.body}`);
      requireDescribed(trial, answer);
      if (operation.method === 'GET') assert.equal(await runJavaScript(trial), answer.status);
      await follow(operation, answer);
      answers[name] = toShown(answer, trial.show);
      if (RECORDS) return;
      const shown = recorded[name] ?? assert.fail(HINT);
      assert.equal(shown.status, answer.status);
      assert.deepEqual(formOfBody(shown), formOfBody(answers[name]));
    });
  }

  it('records no answer of a route that does not exist', () => {
    if (RECORDS) writeFileSync(ANSWERS, `${JSON.stringify(answers, null, 1)}\n`);
    else assert.deepEqual(Object.keys(recorded).toSorted(), operations.map(nameOf).toSorted());
  });
});
