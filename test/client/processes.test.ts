import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppflowAdmin } from '../../client/src/admin.ts';
import { createFileStorage } from '../../client/src/node.ts';
import { adoptChild } from '../support/adopt-child.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeTempDir, startTestServer } from '../support/harness.ts';

const { project, url: baseUrl } = await startTestServer();
const admin = new AppflowAdmin({ apiKey: project.server_key, baseUrl });
const PROGRAM = join(import.meta.dirname, 'tracker-process.ts');
const COUNT = 150;
const STARTED_MS_MAX = 60_000;

const children = new Set<ChildProcess>();
cleanUp(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Starts a process with a tracker; see tracker-process.ts. */
function startTracker(folder: string, count: number, name = '', mode = '') {
  const args = [PROGRAM, folder, baseUrl, project.client_key, String(count), name, mode];
  const child = adoptChild(spawn(process.execPath, args, { stdio: 'pipe' }));
  children.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  /** Returns the rest of the next line that starts with `word`. */
  async function read(word: string): Promise<string> {
    for (;;) {
      const { done, value } = await lines.next();
      assert.ok(!done, `the process exited before it printed "${word}"`);
      if (value.startsWith(word)) return value.slice(word.length);
    }
  }
  return {
    read,
    sendNow: () => child.stdin.write('now\n'),
    async kill() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Returns the sorted `n` properties of the stored events of that name. */
async function readNumbers(name: string): Promise<number[]> {
  const numbers: number[] = [];
  for await (const event of admin.events.all({ event_name: [name], limit: 200 }))
    numbers.push(Number(event.properties.n));
  return numbers.sort((one, other) => one - other);
}

const ALL = Array.from({ length: COUNT }, (_, n) => n);

/** Returns the IDs of the events of these names in the files of the folder. */
function listSaved(folder: string, names: string[]): Set<string> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const events = files.flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')).queue);
  return new Set(
    events.filter(({ event_name }) => names.includes(event_name)).map(({ event_id }) => event_id),
  );
}

describe('two processes that share a folder', () => {
  it('lose no event if both are killed: the next process sends each once', async () => {
    const folder = makeTempDir();
    const names = ['of_one', 'of_other'];
    const both = names.map((name) => startTracker(folder, COUNT, name, 'offline'));
    for (const tracker of both) await tracker.read('tracked');
    const deadline = Date.now() + STARTED_MS_MAX;
    while (listSaved(folder, names).size < 2 * COUNT) {
      assert.ok(Date.now() < deadline, `only ${listSaved(folder, names).size} of ${2 * COUNT} are saved`);
      await sleep(20);
    }
    for (const tracker of both) await tracker.kill();
    const { queued, dropped } = JSON.parse(await startTracker(folder, 0).read('stats '));
    assert.deepEqual([queued, dropped], [0, 0]);
    for (const name of names) assert.deepEqual(await readNumbers(name), ALL);
  });

  it('send no event twice if the second starts before the first has sent, and leave nothing behind', async () => {
    const folder = makeTempDir();
    const first = startTracker(folder, COUNT, 'of_first', 'held');
    await first.read('tracked');
    const second = startTracker(folder, COUNT, 'of_second', 'held');
    await second.read('tracked');
    for (const tracker of [first, second]) tracker.sendNow();
    for (const tracker of [first, second]) assert.equal(JSON.parse(await tracker.read('stats ')).queued, 0);
    for (const name of ['of_first', 'of_second']) assert.deepEqual(await readNumbers(name), ALL);
    assert.deepEqual(JSON.parse(await startTracker(folder, 0).read('stats ')), {
      queued: 0,
      sent: 0,
      dropped: 0,
    });
  });
});

describe('a storage in a folder', () => {
  const event = (event_id: string) => ({ event_id, event_name: 'a', app_user_id: 'u', timestamp: '' });
  const saved = (anonymousId: string, ...ids: string[]) =>
    JSON.stringify({ who: { anonymousId, userId: null }, session: null, queue: ids.map(event) });

  it('takes over the events of all other processes, each once, and the user of the last one started', async () => {
    const folder = makeTempDir();
    const [one, other] = [createFileStorage(folder), createFileStorage(folder)];
    assert.equal(await one.getItem('key'), null);
    await one.setItem('key', saved('anon_1', 'a', 'b'));
    assert.equal(await one.getItem('key'), saved('anon_1', 'a', 'b'));
    assert.equal(await other.getItem('key@'), null, 'another item');
    assert.equal(await other.getItem('key'), saved('anon_1', 'a', 'b'));
    await other.setItem('key', saved('anon_2', 'b', 'c'));
    // The first is still running and writes its events.
    await one.setItem('key', saved('anon_1', 'a', 'b'));
    const next = JSON.parse(String(await createFileStorage(folder).getItem('key')));
    assert.match(next.who.anonymousId, /^anon_[12]$/);
    assert.deepEqual(next.queue.map(({ event_id }: { event_id: string }) => event_id).sort(), [
      'a',
      'b',
      'c',
    ]);
    assert.equal(readdirSync(folder).length, 1);
  });

  it('continues after a takeover that was interrupted at any step', async () => {
    for (const name of ['key@0.json', 'key@1-0000.json', 'key@1.json.new']) {
      const folder = makeTempDir();
      writeFileSync(join(folder, 'key@0000.json'), saved('anon_1', 'a'));
      writeFileSync(join(folder, name), name.endsWith('.new') ? '{"anonym' : saved('anon_1', 'a', 'b'));
      const text = String(await createFileStorage(folder).getItem('key'));
      assert.ok(text.includes('"a"'), name);
      assert.equal(text.includes('"b"'), !name.endsWith('.new'), name);
    }
  });

  it('removes an item, and fails if the folder cannot be used', async () => {
    const folder = makeTempDir();
    const storage = createFileStorage(folder);
    await storage.setItem('key', saved('anon_1'));
    await storage.removeItem('key');
    assert.equal(await storage.getItem('key'), null);
    assert.deepEqual(readdirSync(folder), []);
    await assert.rejects(async () => createFileStorage('/dev/null/queue').getItem('key'), /ENOTDIR/);
  });
});
