import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Initialized } from '../../src/cli/init-text.ts';
import { initByCli, runCli, type ServerProcess, startServerProcess } from '../support/child-processes.ts';
import { makeTempDir } from '../support/harness.ts';
import {
  contributionsFile,
  countByDay,
  countUsers,
  listStoredEvents,
  readFixture,
  type StoredEvent,
} from '../support/stored-events.ts';

const dataDir = makeTempDir();
const files = makeTempDir();
/** Uses the default rate limits on purpose: imports must work with them. */
let server: ServerProcess;
let env: Record<string, string>;

before(async () => {
  server = await startServerProcess({ APPFLOW_DATA_DIR: dataDir });
  env = { APPFLOW_DATA_DIR: dataDir };
});

type Result = {
  accepted: number;
  duplicates: number;
  rejected: number;
  rejected_by_code: Record<string, number>;
};

/** Imports into this file's server. Returns the output of `--json` and the result of the command. */
async function runImport(
  project: Initialized,
  args: readonly string[],
  input?: string | Uint8Array,
): Promise<Result & { code: number | null; stderr: string }> {
  const key = { APPFLOW_API_KEY: project.server_key };
  const command = ['import', ...args, '--url', server.url, '--json'];
  const { code, stdout, stderr } = await runCli(command, { ...env, ...key }, input);
  assert.match(stdout, /^\{[^\n]*\}\n$/, stderr);
  return { ...(JSON.parse(stdout) as Result), code, stderr };
}

const countsOf = ({ accepted, duplicates, rejected, code }: Result & { code: number | null }) => ({
  accepted,
  duplicates,
  rejected,
  code,
});

function writeLines(name: string, lines: readonly string[]): string {
  const path = join(files, name);
  const text = `${lines.join('\n')}\n`;
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

const sumOf = (rows: { events: number }[]) => rows.reduce((sum, { events }) => sum + events, 0);

const FIXTURES = [
  { name: 'a', events: 4_857, users: 942 },
  { name: 'b', events: 2_790, users: 363 },
] as const;

for (const { name, events, users } of FIXTURES) {
  test(`imports ${events} real events of ${users} people with default limits in under 10 s, and nothing twice`, async (t) => {
    const project = await initByCli(env);
    const startedAt = performance.now();
    const first = await runImport(project, [contributionsFile(name)]);
    const seconds = (performance.now() - startedAt) / 1_000;
    t.diagnostic(`${events} events imported in ${seconds.toFixed(2)} s, start of the command included`);
    assert.ok(seconds < 10, `${seconds} s`);
    assert.deepEqual(countsOf(first), { accepted: events, duplicates: 0, rejected: 0, code: 0 });
    const again = await runImport(project, [contributionsFile(name)]);
    assert.deepEqual(countsOf(again), { accepted: 0, duplicates: events, rejected: 0, code: 0 });
    const stored = await listStoredEvents(server, project.server_key, project.app_id);
    assert.equal(stored.length, events);
    assert.equal(countUsers(stored), users);
    assert.deepEqual(countByDay(stored), countByDay(readFixture(contributionsFile(name))));
  });
}

test('imports through a rate limit with a burst of a single batch', async () => {
  const project = await initByCli(env);
  const created = await server.call('POST', '/v1/api-keys', {
    key: project.server_key,
    body: {
      name: 'Narrow',
      type: 'server',
      rate_limits: { events: { events: { rate: 1_000, burst: 1_000 } } },
    },
  });
  assert.equal(created.status, 201, created.text);
  for (const { name, events } of FIXTURES) {
    const narrow = { ...project, server_key: String(created.body.key) };
    const result = await runImport(narrow, [contributionsFile(name)]);
    assert.deepEqual(countsOf(result), { accepted: events, duplicates: 0, rejected: 0, code: 0 });
  }
});

test('stores numbers as written in the file, and rejects numbers out of range instead of changing them', async () => {
  const project = await initByCli(env);
  const lines = ['12.10', '"12.10"', '9007199254740991', '-0', '1e999'].map(
    (amount, index) =>
      `{"event_id":"n${index}","event_name":"refund","app_user_id":"u_1","properties":{"revenue":${amount},"n":${index}}}`,
  );
  const result = await runImport(project, [writeLines('numbers.ndjson', lines)]);
  assert.deepEqual(countsOf(result), { accepted: 4, duplicates: 0, rejected: 1, code: 1 });
  assert.match(result.stderr, /line 5: invalid_properties: /);
  const { body } = await server.call('GET', '/v1/events?event_name=refund', { key: project.server_key });
  const amounts = (body.data as { event_id: string; revenue: string }[])
    .sort((one, other) => (one.event_id < other.event_id ? -1 : 1))
    .map(({ revenue }) => revenue);
  assert.deepEqual(amounts, ['12.1', '12.1', '9007199254740991', '0']);
});

test('imports two files into two apps of one project', async () => {
  const project = await initByCli(env);
  const created = await server.call('POST', '/v1/apps', {
    key: project.server_key,
    body: { name: 'Second', platform: 'web' },
  });
  assert.equal(created.status, 201);
  const apps = { a: project.app_id, b: String(created.body.id) };
  for (const { name, events, users } of FIXTURES) {
    const result = await runImport(project, [contributionsFile(name), '--app-id', apps[name]]);
    assert.equal(result.accepted, events);
    const stored = await listStoredEvents(server, project.server_key, apps[name]);
    assert.deepEqual([stored.length, countUsers(stored)], [events, users]);
  }
});

/** Returns events without ids, spread over eleven years, in random order. */
function makeEvents(count: number): Omit<StoredEvent, 'event_id'>[] {
  const from = Date.parse('2016-01-01T00:00:00Z');
  const spanMs = Date.parse('2026-07-01T00:00:00Z') - from;
  return Array.from({ length: count }, (_, index) => {
    // A prime unrelated to any calendar period scatters neighbors over all years, the same way in every run.
    const timestamp = new Date(from + ((index * 7_919_999_983) % spanMs)).toISOString();
    return { event_name: `step_${index % 5}`, app_user_id: `u_${index % 700}`, timestamp };
  });
}

test('counts eleven years of events in random order and without ids on their days, and nothing twice', async () => {
  const project = await initByCli(env);
  const events = makeEvents(3_500);
  const years = new Set(events.map(({ timestamp }) => timestamp.slice(0, 4)));
  assert.equal(years.size, 11);
  const file = writeLines(
    'eleven-years.ndjson.gz',
    events.map((event) => JSON.stringify(event)),
  );
  const first = await runImport(project, [file]);
  assert.deepEqual(countsOf(first), { accepted: 3_500, duplicates: 0, rejected: 0, code: 0 });
  const again = await runImport(project, [file]);
  assert.deepEqual(countsOf(again), { accepted: 0, duplicates: 3_500, rejected: 0, code: 0 });
  const range = 'start=2016-01-01&end=2026-07-01&metrics=events';
  const path = `/v1/analytics/daily?app_id=${project.app_id}&${range}`;
  const { status, body } = await server.call('GET', path, { key: project.read_only_key });
  assert.equal(status, 200);
  const days = (body.data as { date: string; events: number }[]).filter((day) => day.events > 0);
  const expected = countByDay(events.map((event) => ({ event_id: '', ...event })));
  assert.deepEqual(Object.fromEntries(days.map(({ date, events: count }) => [date, count])), expected);
  assert.equal(sumOf(days), 3_500);
});

test('reads plain and gzipped standard input, with - or without an argument', async () => {
  const project = await initByCli(env);
  const text = makeEvents(30)
    .map((event) => JSON.stringify(event))
    .join('\n');
  assert.equal((await runImport(project, ['-'], text)).accepted, 30);
  assert.equal((await runImport(project, [], gzipSync(text))).duplicates, 30);
  assert.deepEqual(readdirSync(join(dataDir, 'imports')), [], 'nothing to resume is left');
});

test('reports invalid lines with their numbers, imports the rest and exits with 1', async () => {
  const project = await initByCli(env);
  const [one, two] = makeEvents(2).map((event) => JSON.stringify(event));
  const lines = [
    one ?? '',
    '',
    'not json',
    '{"event_name":"Bad Name","app_user_id":"u_1"}',
    two ?? '',
    '[1]',
  ];
  const result = await runImport(project, [writeLines('bad.ndjson', lines)]);
  assert.deepEqual(countsOf(result), { accepted: 2, duplicates: 0, rejected: 3, code: 1 });
  assert.deepEqual(result.rejected_by_code, { invalid_json: 1, invalid_event_name: 1, invalid_event: 1 });
  assert.match(result.stderr, /imported the rest/);
  assert.match(result.stderr, /line 3: invalid_json: /);
  assert.match(result.stderr, /line 4: invalid_event_name: /);
  assert.match(result.stderr, /line 6: invalid_event: /);
});

test('shows the first ten rejected lines and counts the rest', async () => {
  const project = await initByCli(env);
  const lines = Array.from({ length: 25 }, (_, index) => `broken ${index}`);
  const { stderr, rejected } = await runImport(project, [writeLines('broken.ndjson', lines)]);
  assert.equal(rejected, 25);
  assert.equal(stderr.match(/^ {2}line \d+/gm)?.length, 10);
  assert.match(stderr, /and 15 more/);
  assert.match(stderr, /invalid_json 25/);
});

test('imports what can be read of a damaged gzip file and exits with 1', async () => {
  const project = await initByCli(env);
  const path = join(files, 'cut.ndjson.gz');
  const whole = gzipSync(
    makeEvents(3_000)
      .map((event) => JSON.stringify(event))
      .join('\n'),
  );
  writeFileSync(path, whole.subarray(0, whole.length - 1_000));
  const command = ['import', path, '--url', server.url];
  const ended = await runCli(command, { ...env, APPFLOW_API_KEY: project.server_key });
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /damaged gzip\. The part that could be read was imported/);
  const stored = await listStoredEvents(server, project.server_key, project.app_id);
  assert.ok(stored.length > 2_000, String(stored.length));
});

test("stops with the server's message for a key that may not write", async () => {
  const project = await initByCli(env);
  const created = await server.call('POST', '/v1/api-keys', {
    key: project.server_key,
    body: { name: 'Reader', type: 'server', scopes: ['events:read'] },
  });
  const command = ['import', contributionsFile('b'), '--url', server.url];
  const ended = await runCli(command, { ...env, APPFLOW_API_KEY: String(created.body.key) });
  assert.equal(ended.code, 1);
  assert.equal(ended.stdout, '');
  assert.match(ended.stderr, /^The server answered 403: .*events:write.*\n$/);
});

test('reads the key from a file, or from the command line with a warning', async () => {
  const project = await initByCli(env);
  const file = writeLines('key', [project.server_key]);
  const base = ['import', '--url', server.url];
  const event = JSON.stringify(makeEvents(1)[0]);
  const byFile = await runCli([...base, '--key-file', file], env, event);
  assert.deepEqual([byFile.code, byFile.stderr], [0, '']);
  const byOption = await runCli([...base, '--key', project.server_key], env, event);
  assert.equal(byOption.code, 0);
  assert.match(byOption.stderr, /Warning: .* shell history/);
  assert.ok(!byOption.stderr.includes(project.server_key));
});

test('imports without saving progress, with one warning, if the data folder is not writable', async () => {
  const project = await initByCli(env);
  // Not even root can create a folder inside a file.
  const nowhere = join(writeLines('no-folder', ['']), 'data');
  const variables = { APPFLOW_DATA_DIR: nowhere, APPFLOW_API_KEY: project.server_key };
  const command = ['import', contributionsFile('b'), '--url', server.url, '--batch-size', '500', '--json'];
  const ended = await runCli(command, variables);
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(JSON.parse(ended.stdout).accepted, 2_790);
  assert.match(ended.stderr, /^Warning: progress cannot be saved in \S+: .*The import continues[^\n]*\n$/);
});

test('names what is missing in a message', async () => {
  const key = { ...env, APPFLOW_API_KEY: 'sk_x' };
  const cases: [string[], Record<string, string>, number, RegExp][] = [
    [['no-such-file.ndjson'], key, 1, /^Cannot read no-such-file\.ndjson: there is no such file\.\n$/],
    [[files], key, 1, /it is a folder/],
    [[contributionsFile('a')], env, 2, /^There is no API key\. Set APPFLOW_API_KEY/],
    [[contributionsFile('a'), '--key-file', '/no/such'], env, 2, /key file \/no\/such cannot be read/],
    [[contributionsFile('a'), '--key-file', 'k', '--key', 'k'], env, 2, /cannot be used with/],
    [[contributionsFile('a'), '--batch-size', '1001'], key, 2, /1 to 1000/],
    [[contributionsFile('a'), '--url', 'localhost'], key, 2, /https:\/\/appflow\.example\.com/],
    [
      [contributionsFile('a'), '--url', 'http://127.0.0.1:1'],
      key,
      1,
      /^Can't reach a server at http:\/\/127\.0\.0\.1:1 /,
    ],
  ];
  for (const [args, variables, code, message] of cases) {
    const ended = await runCli(['import', ...args], variables);
    assert.match(ended.stderr, message);
    assert.equal(ended.code, code, ended.stderr);
    assert.doesNotMatch(ended.stderr, /^\s+at /m);
  }
});
