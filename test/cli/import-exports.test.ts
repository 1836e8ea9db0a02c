import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { EXPORT_FORMATS } from '../../src/cli/import/formats/formats.ts';
import { initByCli, runCli, startCli, startServerProcess } from '../support/child-processes.ts';
import { LIMITS_OFF, makeTempDir } from '../support/harness.ts';
import { readImportedLine } from '../support/import-progress.ts';
import { listStoredEvents } from '../support/stored-events.ts';
import { until } from '../support/until.ts';
import { EXPECTED_IMPORTS } from './expected-imports.ts';

// Exports in the vendors' formats, through the command and a real server.

const env = { APPFLOW_DATA_DIR: makeTempDir(), ...LIMITS_OFF };
const server = await startServerProcess(env);

const fixture = (name: string) => join(import.meta.dirname, '../fixtures/exports', name);

type Project = Awaited<ReturnType<typeof initByCli>>;
type Stored = Record<string, unknown> & { event_id: string };

async function runImport(project: Project, args: readonly string[], input?: Uint8Array) {
  const key = { APPFLOW_API_KEY: project.server_key };
  const command = ['import', ...args, '--url', server.url, '--json'];
  const { code, stdout, stderr } = await runCli(command, { ...env, ...key }, input);
  assert.match(stdout, /^\{[^\n]*\}\n$/, stderr);
  return { ...JSON.parse(stdout), code, stderr };
}

/** Runs a dry run without a key, a data folder or a server, and returns its JSON. */
async function runDry(from: string, file: string, more: readonly string[] = []) {
  const { code, stdout, stderr } = await runCli(
    ['import', '--from', from, file, '--dry-run', '--json', ...more],
    {},
  );
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

async function listStored(project: Project): Promise<Stored[]> {
  const stored: unknown[] = await listStoredEvents(server, project.server_key, project.app_id);
  return stored as Stored[];
}

const profileOf = async (project: Project, id: string) => {
  const answer = await server.call('GET', `/v1/users/${id}?app_id=${project.app_id}`, {
    key: project.server_key,
  });
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
};

/** Whether a value has these members, and in each object within it, too. */
function assertContains(value: unknown, expected: object, path: string): void {
  for (const [name, wanted] of Object.entries(expected)) {
    const found = (value as Record<string, unknown> | undefined)?.[name];
    if (name === 'properties' && typeof wanted === 'object') assertContains(found, wanted as object, path);
    else assert.deepEqual(found, wanted, `${path}: ${name}`);
  }
}

it('reads every product that --from offers', () => {
  const tested = new Set(Object.keys(EXPECTED_IMPORTS).map((file) => file.split('.')[0]));
  assert.deepEqual(
    [...tested],
    EXPORT_FORMATS.map(({ name }) => name),
  );
});

for (const [file, expected] of Object.entries(EXPECTED_IMPORTS)) {
  const from = file.split('.')[0] ?? '';
  describe(`import --from ${from} of ${file}`, () => {
    it('stores each event once in two runs, under its own ID, for the right person', async () => {
      const project = await initByCli(env);
      const { accepted, rejected = 0, events, ids, properties } = expected;
      const args = ['--from', from, fixture(file)];
      const first = await runImport(project, args);
      assert.deepEqual(
        [first.accepted, first.duplicates, first.rejected, first.code],
        [accepted, 0, rejected, rejected > 0 ? 1 : 0],
        JSON.stringify(first),
      );
      const second = await runImport(project, args);
      assert.deepEqual([second.accepted, second.duplicates], [0, accepted]);
      const stored = await listStored(project);
      assert.equal(stored.length, accepted);
      for (const [id, event] of Object.entries(events))
        assertContains(
          stored.find(({ event_id }) => event_id === id),
          event,
          id,
        );
      const profile = await profileOf(project, 'user_1');
      assert.deepEqual(profile.ids.toSorted(), ids.toSorted());
      assert.deepEqual(profile.properties, properties);
    });

    it('says in a dry run what an import would do, without a key', async () => {
      const mapping = await runDry(from, fixture(file));
      assert.deepEqual([mapping.dry_run, mapping.from], [true, from]);
      for (const [name, value] of Object.entries(expected.dry))
        assert.deepEqual(mapping[name], value, `${name} of ${JSON.stringify(mapping)}`);
      assert.equal(mapping.rejected, expected.rejected ?? 0);
    });
  });
}

describe('import --from', () => {
  const POSTHOG = readFileSync(fixture('posthog.csv'));

  it('reads gzip and standard input', async () => {
    const file = join(makeTempDir(), 'posthog.csv.gz');
    writeFileSync(file, gzipSync(POSTHOG));
    const project = await initByCli(env);
    assert.equal((await runImport(project, ['--from', 'posthog', file])).accepted, 3);
    const piped = await runImport(project, ['--from', 'posthog', '-'], gzipSync(POSTHOG));
    assert.deepEqual([piped.accepted, piped.duplicates], [0, 3]);
  });

  it('continues after it was killed between the events of one row, and stores each once', async () => {
    const project = await initByCli(env);
    const lines = Array.from({ length: 2_000 }, (_, index) => ({
      ...{ uuid: `e-${index}`, event: 'tap', distinct_id: `user_${index % 50}` },
      ...{ timestamp: '2024-03-01T10:00:00Z', properties: { $set: { taps: index } } },
    }));
    const file = join(makeTempDir(), 'posthog.jsonl');
    writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
    // An odd number of events per request, so that a row's two events are in different ones.
    const args = ['import', '--from', 'posthog', file, '--url', server.url, '--batch-size', '15'];
    const variables = { ...env, APPFLOW_API_KEY: project.server_key };
    const first = startCli(args, variables);
    await until('line 100 is imported', () => readImportedLine(env.APPFLOW_DATA_DIR) >= 100);
    first.child.kill('SIGKILL');
    await first.ended;
    const line = readImportedLine(env.APPFLOW_DATA_DIR);
    assert.ok(line >= 100 && line < 2_000, String(line));
    const { stdout, stderr } = await runCli([...args, '--json'], variables);
    assert.match(stderr, new RegExp(`^Continuing after line ${line},`));
    const { resumed_after_line, mapping } = JSON.parse(stdout);
    assert.deepEqual([resumed_after_line, mapping.rows, mapping.events], [line, 2_000, 2_000]);
    const ids = (await listStored(project)).map(({ event_id }) => event_id);
    assert.deepEqual([ids.length, new Set(ids).size], [4_000, 4_000]);
  });

  it('reports at the end what became of the rows', async () => {
    const project = await initByCli(env);
    const { stdout, code } = await runCli(
      ['import', '--from', 'segment', fixture('segment.jsonl'), '--url', server.url],
      { ...env, APPFLOW_API_KEY: project.server_key },
    );
    assert.equal(code, 0);
    assert.equal(
      stdout.replace(/in [\d.]+ s/, 'in 1.0 s'),
      `Imported 3 events in 1.0 s (0 duplicates, 0 rejected).
  2 events of 1 person, from 2024-03-01T09:59:00.000Z to 2024-03-01T10:01:00.000Z
  1 link between two IDs of a person
  1 update of user properties: plan 1
  1 ignored: group 1
Names that change:
  Order Completed → order_completed (1)
  screen → screen_view (1)
`,
    );
  });

  it('prints a dry run as text', async () => {
    const args = ['import', '--from', 'posthog', fixture('posthog.jsonl'), '--dry-run'];
    const { stdout, code } = await runCli(args, {});
    assert.equal(code, 0);
    assert.equal(
      stdout,
      `Dry run: 9 lines from PostHog. Nothing was sent.
  3 events of 1 person, from 2024-03-01T10:00:00.123Z to 2024-03-02T10:00:00.000Z
  1 link between two IDs of a person
  3 updates of user properties: plan 3, email 1
  1 ignored: $feature_flag_called 1
Names that change:
  Application Installed → app_install (1)
  Order Completed → order_completed (1)
Names that become the same:
  order_completed: Order Completed, order_completed
Rejected: 3
  placeholder_app_user_id 1, first in line 7: app_user_id: Send the ID of one person or device, not a placeholder such as "null". Use a random ID until you know it.
  timestamp_too_old 1, first in line 8: timestamp: Send timestamps from the year 2000 on; as a number they are milliseconds, not seconds.
  invalid_json 1, first in line 9: Unexpected end of JSON input
`,
    );
  });

  it('rejects in a dry run what the server rejects, for the same reasons', async () => {
    const project = await initByCli(env);
    const dry = await runDry('posthog', fixture('posthog.jsonl'));
    const { rejected_by_code, mapping } = await runImport(project, [
      '--from',
      'posthog',
      fixture('posthog.jsonl'),
    ]);
    const counts = dry.rejections.map(({ code, count }: { code: string; count: number }) => [code, count]);
    assert.deepEqual(Object.fromEntries(counts), rejected_by_code);
    assert.deepEqual(mapping.ignored_by_name, dry.ignored_by_name);
  });

  it('corrects local times of Mixpanel with --time-zone', async () => {
    const { first } = await runDry('mixpanel', fixture('mixpanel.jsonl'), [
      '--time-zone',
      'America/New_York',
    ]);
    assert.equal(first, '2024-03-01T11:00:00.000Z');
  });

  it('refuses an export of another product after its first lines, before anything is stored', async () => {
    const project = await initByCli(env);
    const file = join(makeTempDir(), 'other.jsonl');
    writeFileSync(file, '{"event_name":"tap","app_user_id":"u"}\n'.repeat(100));
    const variables = { ...env, APPFLOW_API_KEY: project.server_key };
    const { code, stdout, stderr } = await runCli(
      ['import', '--from', 'mixpanel', file, '--url', server.url],
      variables,
    );
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(
      stderr,
      /^The file is not an export from Mixpanel\. Line 1: .*Expected: JSON lines with "event"/,
    );
    assert.deepEqual(await listStored(project), []);
  });

  for (const [args, message] of [
    [['--from', 'ga4', 'x'], /Must be one of posthog, segment, amplitude, mixpanel, openpanel, umami\./],
    [['--dry-run', 'x'], /Add --from/],
    [['--from', 'posthog', '--time-zone', 'Mars/Base', 'x'], /Must be a time zone such as America\/New_York/],
    [['--from', 'posthog', '--time-zone', 'Europe/Berlin', 'x'], /Use it with --from mixpanel/],
  ] as const)
    it(`explains ${args.join(' ')}`, async () => {
      const { code, stderr } = await runCli(['import', ...args], {});
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
});

it('counts the names that an export was renamed from, so that those that collide are listed', async () => {
  const project = await initByCli(env);
  const lines = ['Order Completed', 'order-completed', 'Order Completed'].map((event, index) =>
    JSON.stringify({ uuid: `e${index}`, event, distinct_id: 'user_1', timestamp: '2026-11-22T10:00:00Z' }),
  );
  const { accepted } = await runImport(project, ['--from', 'posthog', '-'], Buffer.from(lines.join('\n')));
  assert.equal(accepted, 3);
  const list = async () =>
    (await server.call('GET', '/v1/ingestion/name-collisions', { key: project.server_key })).body.data;
  await until('the names are written', async () => (await list()).length > 0);
  const [{ event_name, names }] = await list();
  assert.equal(event_name, 'order_completed');
  assert.deepEqual(
    names.map(({ name, events }: { name: string; events: number }) => [name, events]),
    [
      ['Order Completed', 2],
      ['order-completed', 1],
    ],
  );
});
