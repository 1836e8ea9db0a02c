import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { initByCli, startServerProcess } from '../support/child-processes.ts';
import { makeTempDir } from '../support/harness.ts';
import { until } from '../support/until.ts';

/** One system call: the line of the trace where it began, and the line where it had succeeded. */
type Call = { name: string; file: string; text: string; began: number; done: number };

const TRACED = 'fsync,fdatasync,read,recvfrom,write,writev,sendto,sendmsg,rename,renameat,renameat2';
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
const isWrite = ({ name }: Call) => name.startsWith('write');
/**
 * A part of the `events` table written by an insert: its parts are named by year, those of the derived tables by
 * `all`. Derived rows come after the response and are derived again after a crash. Merges also write parts, but no
 * response waits for those.
 */
const EVENTS_PART = /\/tmp_insert_\d{4}_/;
const isOfInsert = ({ file }: Call) => EVENTS_PART.test(file);

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

test("every file with a batch's events is fsynced before its 200 is sent", {
  skip: findObstacle(),
}, async (t) => {
  const { calls, answeredAt } = betweenRequestAndAnswer(parseTrace(await traceOneBatch()));
  const syncs = calls.filter((call) => isSync(call) && call.done < answeredAt);
  const isSafe = (file: string, after: number) =>
    syncs.some((sync) => sync.file === file && sync.began > after);

  const written = calls.filter((call) => isWrite(call) && isOfInsert(call));
  for (const { file, done } of written) assert.ok(isSafe(file, done), `${file} is fsynced before the answer`);

  const renamed = calls.filter(({ name, text }) => name.startsWith('rename') && EVENTS_PART.test(text));
  for (const { text, done } of renamed) {
    assert.ok(done < answeredAt, `renamed before the answer: ${text}`);
    const folder = /\/tmp_insert_[^"]*", .*"([^"]*?)\/?"/.exec(text)?.[1] ?? '';
    assert.ok(isSafe(folder, done), `${folder} is fsynced under its final name before the answer`);
  }

  assert.equal(renamed.length, 1, 'one event makes one part');
  assert.ok(written.length >= 10 && syncs.length >= 10, `${written.length} writes, ${syncs.length} fsyncs`);
  t.diagnostic(
    `${written.length} writes in ${renamed.length} parts, ${syncs.length} fsyncs, then the answer`,
  );
});
