import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from '@clickhouse/client';
import { runDemo } from '../../src/cli/demo.ts';
import { DAY_MS } from '../../src/lib/durations.ts';
import { startServer } from '../../src/server/start.ts';
import { join as joinProject, setUp } from '../support/browser.ts';
import { type Command, type CommandResult, startCli } from '../support/child-processes.ts';
import { type Api, connect, LIMITS_OFF, makeConfig, makeTempDir } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';
import { until } from '../support/until.ts';

/** An installation in a data folder that no server runs on. */
export type MoveSource = { dataDir: string; key: string; revoked: string; appId: string; projectId: string };

const DAYS = 6;

/** Makes an installation with events, linked and erased people, keys, members and saved items. */
export async function makeMoveSource(): Promise<MoveSource> {
  const dataDir = makeTempDir();
  const config = makeConfig({ APPFLOW_DATA_DIR: dataDir });
  const plan = { seed: 7, days: DAYS, users: 60 };
  const { keys, state } = await runDemo(config, plan, Date.now(), new AbortController().signal);
  trackSecrets(JSON.stringify(keys));
  const server = await startServer(config);
  const api = connect(server.url);
  const [key, projectId] = [keys?.server ?? assert.fail(), state.projectId];
  const appId = state.stage.appIds.ios;
  const owner = await setUp(server.url, server.setupUrl);
  await joinProject(owner, projectId, 'developer', 'Dev');
  const made = await api.call('POST', '/v1/api-keys', { key, body: { name: 'Old', type: 'read_only' } });
  const revoked = await api.call('DELETE', `/v1/api-keys/${made.body.id}`, { key });
  assert.ok(revoked.status < 300, revoked.text);
  const { body } = await api.call('GET', `/v1/users?app_id=${appId}`, { key });
  const erased = await api.call('DELETE', `/v1/users/${body.data[0].app_user_id}?app_id=${appId}`, { key });
  await until('erased', async () => {
    const answer = await api.call('GET', `/v1/erasures/${erased.body.id}`, { key });
    return answer.body.status === 'done';
  });
  await server.settleRollups();
  await server.stop();
  return { dataDir, key, revoked: made.body.key, appId, projectId };
}

/** Returns a copy of an installation in a folder of its own. */
export function copySource(source: MoveSource): MoveSource {
  const dataDir = makeTempDir();
  cpSync(source.dataDir, dataDir, { recursive: true, verbatimSymlinks: true });
  return { ...source, dataDir };
}

const dayAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);

/** The requests of a test change the usage of its key. */
const withoutUsage = (name: string, value: unknown) =>
  name === 'request_count' || name.startsWith('last_used') ? undefined : value;

/** Returns what the API answers about an installation, by path, without the usage of keys. */
export async function readAnswers(api: Api, { key, appId }: MoveSource): Promise<Record<string, string>> {
  const days = `start=${dayAgo(DAYS)}&end=${dayAgo(1)}`;
  const paths = [
    ...[`/v1/analytics/daily?app_id=${appId}&${days}`, `/v1/analytics/users?app_id=all&${days}`],
    ...[`/v1/analytics/retention?app_id=${appId}&${days}`, `/v1/analytics/hourly?app_id=${appId}&${days}`],
    `/v1/analytics/breakdown?app_id=${appId}&by=country&metric=events&${days}`,
    ...['/v1/events?app_id=all&limit=200', `/v1/users?app_id=${appId}&limit=100`],
    ...['/v1/api-keys', '/v1/apps', '/v1/project', '/v1/annotations', '/v1/views', '/v1/funnels'],
    ...['/v1/audit-log', '/v1/ingestion', '/v1/ingestion/samples', '/v1/ingestion/name-collisions'],
  ];
  const answers: Record<string, string> = {};
  for (const path of paths) {
    const { status, body, text } = await api.call('GET', path, { key });
    assert.equal(status, 200, `${path}: ${text}`);
    answers[path] = JSON.stringify(body.data ?? body, withoutUsage);
  }
  return answers;
}

/** The variables of a server or a command on a data folder. */
export const envOf = ({ dataDir }: MoveSource, more: Record<string, string> = {}) => ({
  ...LIMITS_OFF,
  ...{ PORT: '0', LOG_LEVEL: 'error', APPFLOW_DATA_DIR: dataDir },
  ...more,
});

/** Starts `appflow move` from a data folder to the servers of `target`. */
export function startMove(source: MoveSource, target: Record<string, string>, ...args: string[]): Command {
  const file = join(makeTempDir(), 'target.env');
  const lines = Object.entries(target).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(''));
  return startCli(['move', '--to-env', file, ...args], envOf(source));
}

/** Runs `appflow move` and returns its result. */
export const runMove = (
  source: MoveSource,
  target: Record<string, string>,
  ...args: string[]
): Promise<CommandResult> => startMove(source, target, ...args).ended;

/** Resolves once a command has written a line on standard error. */
export async function untilSaid({ child }: Command, wanted: RegExp): Promise<void> {
  assert.ok(child.stderr);
  for await (const line of createInterface({ input: child.stderr })) if (wanted.test(line)) return;
  assert.fail(`It ended without saying ${wanted}`);
}

/** Runs a statement on a ClickHouse server. */
export async function runOnFront(url: string, query: string): Promise<void> {
  const client = createClient({ url, database: 'appflow' });
  await client.command({ query }).finally(() => client.close());
}

/** Returns the content and the time of the last change of each file of a data folder, but for the mark of a move. */
export function hashFiles({ dataDir }: MoveSource): Map<string, string> {
  const paths = readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).sort();
  const files = paths.filter((path) => statSync(join(dataDir, path)).isFile() && path !== 'moved.json');
  return new Map(
    files.map((path) => {
      const { mtimeMs, mode } = statSync(join(dataDir, path));
      const hash = createHash('sha256')
        .update(readFileSync(join(dataDir, path)))
        .digest('hex');
      return [path, `${mode} ${mtimeMs} ${hash}`];
    }),
  );
}
