import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { stageCopy } from '../../src/cli/backup/stage-copy.ts';
import { openSqliteControl } from '../../src/control/open-sqlite.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { openLog } from '../../src/lib/log.ts';
import { answerCopyRequests } from '../../src/server/copy/answer-copies.ts';
import { acceptRequest, copyingFolder, writeNote } from '../../src/server/copy/staged-copy.ts';
import { recordServerUrl } from '../../src/server/server-url.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeConfig } from '../support/harness.ts';
import { until } from '../support/until.ts';

type Copying = { to: string; finish: () => void };

/** Starts what answers commands in a server, whose copies of events are complete when the test says so. */
async function openServer() {
  const config = makeConfig();
  const { dataDir } = config;
  const controlFile = join(dataDir, 'control.db');
  const control = await openSqliteControl(controlFile, systemClock());
  const copies: Copying[] = [];
  const warehouse = {
    async copyTo(to: string, meanwhile: () => Promise<void>) {
      await meanwhile();
      const finished = Promise.withResolvers<void>();
      copies.push({ to, finish: finished.resolve });
      await finished.promise;
      mkdirSync(to, { recursive: true });
      writeFileSync(join(to, 'copied'), to);
    },
  };
  const removeUrl = recordServerUrl(config, 'http://127.0.0.1:1');
  const start = () => answerCopyRequests({ dataDir, controlFile, warehouse, log: openLog('silent') });
  const stop = start();
  cleanUp(async () => {
    removeUrl();
    await stop();
    await control.close();
  });
  return { dataDir, copies, start, folder: copyingFolder(dataDir) };
}

/** Opens a control database as a server does that this process cannot see. */
async function openUsed() {
  const { dataDir } = makeConfig();
  const control = await openSqliteControl(join(dataDir, 'control.db'), systemClock());
  return { dataDir, folder: copyingFolder(dataDir), close: control.close };
}

const never = new AbortController().signal;

it('a command that is stopped while the server copies leaves nothing behind', async () => {
  const { dataDir, copies, folder } = await openServer();
  const stopping = new AbortController();
  const staging = stageCopy(dataDir, stopping.signal);
  const rejected = assert.rejects(staging, { name: 'AbortError' });
  await until('copying', async () => copies.length === 1);
  stopping.abort();
  setTimeout(() => copies[0]?.finish(), 300);
  await rejected;
  assert.ok(!existsSync(folder));
});

it('a command gets its own copy while the server still copies for one that was killed', async () => {
  const { dataDir, copies, folder } = await openServer();
  mkdirSync(folder);
  writeNote(folder, 'request', { id: 'killed', pid: 1 });
  await until('copying', async () => copies.length === 1);
  const staging = stageCopy(dataDir, never);
  await until('requested', async () => existsSync(join(folder, 'request.json')));
  copies[0]?.finish();
  await until('copying again', async () => copies.length === 2);
  let isStaged = false;
  const staged = staging.then((copy) => {
    isStaged = true;
    return copy;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.ok(!isStaged, 'the answer to the other command is not its own');
  copies[1]?.finish();
  using copy = await staged;
  assert.notEqual(copies[0]?.to, copies[1]?.to);
  assert.equal(readFileSync(join(copy.eventsDir, 'copied'), 'utf8'), copies[1]?.to);
  assert.ok(existsSync(copy.controlFile));
});

it('a start removes what a killed command left, also without its process ID or with the one of the server', async () => {
  const { folder, start } = await openServer();
  for (const owner of [undefined, { id: 'killed', pid: process.pid }]) {
    mkdirSync(join(folder, 'killed'), { recursive: true });
    if (owner) writeNote(folder, 'owner', owner);
    await start()();
    assert.ok(!existsSync(folder));
  }
});

it('a command ends when the server that accepted its request is gone without an answer: started again, or killed in another container', async () => {
  const { dataDir, folder, close } = await openUsed();
  for (const end of ['started again', 'killed'] as const) {
    const staging = stageCopy(dataDir, never);
    const rejected = assert.rejects(staging, /The server stopped before its data was copied/);
    await until('requested', async () => existsSync(join(folder, 'request.json')));
    assert.ok(acceptRequest(folder));
    if (end === 'started again') rmSync(folder, { recursive: true });
    else await close();
    await rejected;
    assert.ok(!existsSync(folder));
  }
});
