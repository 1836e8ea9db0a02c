import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../../src/cli/backup/manifest.ts';
import type { Initialized } from '../../src/cli/init-text.ts';
import { type Command, runCli, type ServerProcess, startCli } from '../support/child-processes.ts';
import { type Api, makeTempDir } from '../support/harness.ts';
import { envOf, type MoveSource } from './move-source.ts';

/** What `appflow backup --json` prints. */
export type Printed = {
  backup: string;
  at: string;
  problems: string[];
  events: number;
  files: number;
  bytes: number;
  removed: string[];
};

/** Starts `appflow backup` of a data folder. */
export const startBackup = (source: MoveSource, place: string, ...args: string[]): Command =>
  startCli(['backup', place, '--json', ...args], envOf(source));

/** Runs `appflow backup` and returns what it prints. */
export async function backUp(source: MoveSource, place: string, ...args: string[]): Promise<Printed> {
  const { code, stdout, stderr } = await startBackup(source, place, ...args).ended;
  if (code !== 0 || stderr !== '') throw new Error(`backup failed: ${stdout}${stderr}`);
  return JSON.parse(stdout) as Printed;
}

/** Starts `appflow restore --verify` into a data folder. */
export const startRestore = (backup: string, dataDir: string, ...args: string[]): Command =>
  startCli(['restore', backup, '--verify', ...args], { APPFLOW_DATA_DIR: dataDir, LOG_LEVEL: 'error' });

/** Restores a backup into a new folder, to which the secret is copied, and returns it. */
export async function restore(source: MoveSource, backup: string): Promise<MoveSource> {
  const dataDir = join(makeTempDir(), 'restored');
  const { code, stdout, stderr } = await startRestore(backup, dataDir).ended;
  if (code !== 0 || stderr !== '') throw new Error(`restore failed: ${stdout}${stderr}`);
  assert.match(
    stdout,
    /People who were erased since are back\. Keys, members and sessions that were revoked since are valid again/,
  );
  cpSync(join(source.dataDir, 'secrets'), join(dataDir, 'secrets'), { recursive: true });
  return { ...source, dataDir };
}

/** Returns how many events of an app the manifest says there are. */
export const countOf = ({ events }: Manifest, appId: string): number =>
  events.filter(({ app }) => app === appId).reduce((sum, { events: count }) => sum + count, 0);

/** Sends batches of events to a project of its own until it is stopped. */
export type Load = { project: Initialized; acknowledged: () => number; stop: () => Promise<number> };

const BATCH = 50;

/** Sends the batch `number` and returns how many of its events were new. */
export async function sendBatch(
  api: Api,
  { server_key: key, app_id }: Initialized,
  number: number,
): Promise<number> {
  const events = Array.from({ length: BATCH }, (_, index) => ({
    ...{ event_id: `load-${number}-${index}`, event_name: 'load', app_user_id: `load-${index}` },
    timestamp: new Date(Date.UTC(2026, 0, 1) + number * 3_600_000).toISOString(),
  }));
  const { status, body, text } = await api.call('POST', '/v1/events', { key, body: { app_id, events } });
  if (status !== 200) throw new Error(text);
  return body.accepted;
}

/** Starts to send events while something else happens. */
export async function startLoad(server: ServerProcess, source: MoveSource): Promise<Load> {
  const { stdout } = await runCli(['init', '--json', '--project', 'Load'], envOf(source));
  const project = JSON.parse(stdout) as Initialized;
  let [batches, isSending] = [0, true];
  const sending = (async () => {
    for (; isSending; batches += 1) await sendBatch(server, project, batches);
  })();
  return {
    project,
    acknowledged: () => batches * BATCH,
    async stop() {
      isSending = false;
      await sending;
      return batches;
    },
  };
}
