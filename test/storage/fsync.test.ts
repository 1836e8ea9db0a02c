import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { initByCli, startServerProcess } from '../support/child-processes.ts';
import { makeTempDir } from '../support/harness.ts';
import { until } from '../support/until.ts';

/** One system call: the line of the trace where it began, and the line where it had succeeded. */
type Call = { name: string; file: string; text: string; began: number; done: number };

const TRACED =
  'fsync,fdatasync,read,recvfrom,write,writev,pwrite64,sendto,sendmsg,rename,renameat,renameat2,unlink';
const CALL = /^(\d+) +(\w+)\((?:\d+<([^>]*)>)?(.*)$/;
const RESUMED = /^(\d+) +<\.\.\. \w+ resumed>/;
const SUCCEEDED = /= \d+$/;

/** Calls of different threads overlap: an "unfinished" call ends where its thread is "resumed". */
function parseTrace(trace: string): Call[] {
  const calls: Call[] = [];
  const last = new Map<string, Call>();
  for (const [index, line] of trace.split('\n').entries()) {
    const [, thread = '', name, file = '', text = ''] = CALL.exec(line) ?? RESUMED.exec(line) ?? [];
    if (name !== undefined) {
      const call = { name, file, text, began: index, done: Number.POSITIVE_INFINITY };
      calls.push(call);
      last.set(thread, call);
    }
    const call = last.get(thread);
    // What a call that was interrupted has read is on its second line.
    if (call && name === undefined) call.text += line;
    if (call && SUCCEEDED.test(line)) call.done = index;
  }
  return calls;
}

const isSync = ({ name }: Call) => name === 'fsync' || name === 'fdatasync';
const isWrite = ({ name }: Call) => name.startsWith('write') || name === 'pwrite64';
/** A segment of the log. */
const SEGMENT = /\/events\/log\/\d+\.log/;
/** A part of a table written by an insert. Merges write parts too, but no event depends on those. */
const INSERTED_PART = /\/tmp_insert_\w+_/;

/** Returns the calls between the arrival of the batch and the first byte of its response. */
function betweenRequestAndAnswer(calls: readonly Call[]): { calls: Call[]; answeredAt: number } {
  const from = calls.findIndex(({ text }) => text.includes('"POST /v1/events'));
  assert.notEqual(from, -1, 'the request is in the trace');
  const to = calls.findIndex(({ text }, index) => index > from && text.includes('"HTTP/1.1 200'));
  assert.notEqual(to, -1, 'the answer is in the trace');
  return { calls: calls.slice(from, to), answeredAt: calls[to]?.began ?? 0 };
}

/** The tracer writes its last lines after the server has exited. It pads process ids with blanks. */
async function readWholeTrace(file: string, pid: number | undefined): Promise<string> {
  const end = new RegExp(`^${pid} +\\+\\+\\+ exited`, 'm');
  await until('the trace is complete', () => end.test(readFileSync(file, 'utf8')));
  return readFileSync(file, 'utf8');
}

async function traceOneBatch(): Promise<string> {
  const env = { APPFLOW_DATA_DIR: makeTempDir() };
  const trace = join(makeTempDir(), 'trace');
  const project = await initByCli(env);
  // -D: the tracer is the grandchild, so that signals reach the server itself.
  const strace = ['strace', '-D', '-f', '-y', '-s', '64', '-e', `trace=${TRACED}`, '-o', trace];
  await using server = await startServerProcess(env, strace);
  const body = { events: [{ event_name: 'app_open', app_user_id: 'u_1' }] };
  const { status } = await server.call('POST', '/v1/events', { key: project.server_key, body });
  assert.equal(status, 200);
  assert.equal(await server.stop(), 0);
  return readWholeTrace(trace, server.child.pid);
}

function findObstacle(): string | false {
  const { status, error } = spawnSync('strace', ['-o', '/dev/null', 'true']);
  if (status === 0) return false;
  const reason = error ? 'strace is not installed (apt-get install strace)' : 'strace may not trace here';
  return `NOT PROVED THAT FSYNC COMES BEFORE THE ANSWER: ${reason}`;
}

test('a batch is in the log, and synced, before its 200 is sent, and the log is deleted after the tables are synced', {
  skip: findObstacle(),
}, async (t) => {
  const all = parseTrace(await traceOneBatch());
  const { calls, answeredAt } = betweenRequestAndAnswer(all);
  const syncs = all.filter((call) => isSync(call));
  const isSafe = (file: string, after: number, before: number) =>
    syncs.some((sync) => sync.file === file && sync.began > after && sync.done < before);

  const logged = calls.filter((call) => isWrite(call) && SEGMENT.test(call.file));
  assert.equal(logged.length, 1, 'one batch is one record');
  for (const { file, done } of logged) {
    assert.ok(isSafe(file, done, answeredAt), `${file} is synced before the answer`);
    const folder = dirname(file);
    for (const one of [folder, dirname(folder)])
      assert.ok(isSafe(one, 0, answeredAt), `${one}, which names it, is synced before the answer`);
  }

  const deleted = all.find(({ name, text }) => name === 'unlink' && SEGMENT.test(text));
  assert.ok(deleted, 'the log is deleted');
  const written = all.filter((call) => isWrite(call) && INSERTED_PART.test(call.file));
  for (const { file, done } of written)
    assert.ok(isSafe(file, done, deleted.began), `${file} is synced before the log is deleted`);
  const renamed = all.filter(({ name, text }) => name.startsWith('rename') && INSERTED_PART.test(text));
  for (const { text, done } of renamed) {
    const folder = /\/tmp_insert_[^"]*", .*"([^"]*?)\/?"/.exec(text)?.[1] ?? '';
    assert.ok(isSafe(folder, done, deleted.began), `${folder} is synced under its final name`);
  }
  assert.ok(
    renamed.length >= 3 && written.length >= 20,
    `${written.length} writes in ${renamed.length} parts`,
  );
  t.diagnostic(`${logged.length} write to the log and its sync, then the answer`);
  t.diagnostic(`${written.length} writes in ${renamed.length} parts, all synced, then the log is deleted`);
});
