import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { Initialized } from '../../src/cli/init-text.ts';
import { initByCli, type ServerProcess, startCli, startServerProcess } from '../support/child-processes.ts';
import { findFreePort } from '../support/free-port.ts';
import { LIMITS_OFF } from '../support/harness.ts';
import { readImportedLine } from '../support/import-progress.ts';
import {
  contributionsFile,
  countByDay,
  countUsers,
  listStoredEvents,
  readFixture,
} from '../support/stored-events.ts';

const FILE = contributionsFile('a');
const EVENTS = 4_857;
const USERS = 942;
/** The first and last day in the file, UTC. */
const RANGE = 'start=2016-09-01&end=2026-08-22';

/**
 * Runs many rounds on one folder and address. In each, the server is killed at a random moment during an import into a
 * new project, and started again. In every other round the import is killed too and started again; otherwise it keeps
 * running and reconnects by itself.
 */
export async function runCrashRounds(
  dataDir: string,
  rounds: number,
  report: (sentence: string) => void,
): Promise<void> {
  const env = { ...LIMITS_OFF, APPFLOW_DATA_DIR: dataDir, PORT: String(await findFreePort()) };
  let server = await startServerProcess(env);
  try {
    for (let round = 0; round < rounds; round++) {
      const project = await initByCli(env);
      const line = Math.floor(Math.random() * EVENTS * 0.9);
      const first = startImport(server, env, project, ['--batch-size', '100']);
      await untilLine(dataDir, line, first.child);
      // Not right after an answer, but anywhere during the next insert.
      await setTimeout(Math.random() * 20);
      await server.kill();
      const survives = round % 2 === 0;
      if (!survives) first.child.kill('SIGKILL');
      server = await startServerProcess(env);
      const ended = survives ? await first.ended : await resume(first, server, env, project);
      report(
        `round ${round + 1}: killed after line ${line}, import ${survives ? 'kept running' : 'was restarted'}`,
      );
      assert.equal(ended.code, 0, ended.stderr);
      await requireWhole(server, project);
      const again = await startImport(server, env, project, []).ended;
      const { accepted, duplicates } = JSON.parse(again.stdout);
      assert.deepEqual({ accepted, duplicates }, { accepted: 0, duplicates: EVENTS });
    }
  } finally {
    await server.kill();
  }
}

type Running = ReturnType<typeof startImport>;

function startImport(
  server: ServerProcess,
  env: Record<string, string>,
  project: Initialized,
  args: readonly string[],
) {
  const command = ['import', FILE, '--url', server.url, '--json', ...args];
  return startCli(command, { ...env, APPFLOW_API_KEY: project.server_key });
}

async function resume(
  killed: Running,
  server: ServerProcess,
  env: Record<string, string>,
  project: Initialized,
) {
  await killed.ended;
  return startImport(server, env, project, []).ended;
}

async function untilLine(dataDir: string, line: number, child: Running['child']): Promise<void> {
  while (readImportedLine(dataDir) <= line) {
    assert.equal(child.exitCode, null, 'The import finished before the server was killed.');
    await setTimeout(2);
  }
}

/** Checks that every event is stored once and on its day, in the raw events and in daily analytics. */
async function requireWhole(server: ServerProcess, project: Initialized): Promise<void> {
  const stored = await listStoredEvents(server, project.server_key, project.app_id);
  assert.equal(stored.length, EVENTS);
  assert.equal(new Set(stored.map(({ event_id }) => event_id)).size, EVENTS);
  assert.equal(countUsers(stored), USERS);
  const expected = countByDay(readFixture(FILE));
  assert.deepEqual(countByDay(stored), expected);
  const path = `/v1/analytics/daily?app_id=${project.app_id}&${RANGE}&metrics=events,new_users`;
  const { status, body } = await server.call('GET', path, { key: project.read_only_key });
  assert.equal(status, 200);
  const days = body.data as { date: string; events: number; new_users: number }[];
  const busy = days.filter(({ events }) => events > 0).map(({ date, events }) => [date, events]);
  assert.deepEqual(Object.fromEntries(busy), expected);
  assert.equal(
    days.reduce((sum, day) => sum + day.new_users, 0),
    USERS,
  );
}
