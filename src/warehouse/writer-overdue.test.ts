import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { eventRow, makeLogFolder, openTestLog, useTestGateway } from '../../test/support/warehouse-store.ts';
import { systemClock } from '../lib/clock.ts';
import { StorageError } from '../lib/errors.ts';
import { openLog } from '../lib/log.ts';
import { createBlockStore } from './block-store.ts';
import type { Gateway } from './engine/gateway.ts';
import type { EventLog } from './log/event-log.ts';
import { rowFileIn } from './log/row-file.ts';
import { openSeenIds } from './seen-ids.ts';
import { openWriter } from './writer.ts';

const log = openLog('silent');
const gateway = useTestGateway();

async function findStored(projectId: string): Promise<unknown> {
  const sql = `SELECT (SELECT arraySort(groupArray(event_id)) FROM events WHERE project_id = {projectId:String}) AS events,
    (SELECT uniqExact(event_id) FROM event_ids WHERE project_id = {projectId:String}) AS ids,
    (SELECT uniqExact(app_user_id) FROM users WHERE project_id = {projectId:String}) AS users`;
  const [row] = await gateway.query(sql, { projectId });
  return row;
}

/** Once armed, the first statement is refused, and the n-th after it waits until it is released. */
function holding(n: number) {
  const { promise: held, resolve: hold } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let index = Number.NEGATIVE_INFINITY;
  async function run<T>(statement: () => Promise<T>): Promise<T> {
    index += 1;
    if (index === 0) throw new StorageError('unavailable', 'injected');
    if (index === n) {
      hold();
      await released;
    }
    return await statement();
  }
  const over: Gateway = {
    query: (sql, params, options) => run(() => gateway.query(sql, params, options)),
    command: (sql) => run(() => gateway.command(sql)),
    close: async () => {},
  };
  const arm = () => {
    index = -1;
  };
  return { over, arm, held, release };
}

const isUnavailable = (error: unknown) => error instanceof StorageError && error.reason === 'unavailable';

async function open(
  over: Gateway,
  isOverdue: () => boolean,
  wrap: (log: EventLog) => EventLog = (log) => log,
) {
  const { eventLog } = await openTestLog();
  return await openWriter({
    store: createBlockStore(over, { withRows: rowFileIn(makeLogFolder()) }),
    eventLog: wrap(eventLog),
    openSeenIds: async () => {
      const seenIds = await openSeenIds(gateway, log);
      await seenIds.settled();
      return seenIds;
    },
    isOverdue,
    clock: systemClock(),
    log,
  });
}

test('answers all that waits when the n-th statement is overdue, and loses and doubles nothing, for every n', async () => {
  for (let n = 1, isReached = true; isReached; n += 1) {
    const project_id = `proj_overdue_${n}`;
    const { over, arm, held, release } = holding(n);
    let isOverdue = false;
    const writer = await open(over, () => isOverdue);
    const append = (id: string) =>
      writer.append([eventRow({ project_id, event_id: id, app_user_id: `user_${id}` })]);
    await append('a');
    arm();
    // Its first statement is refused, so that the statements of a repair have their turn to be overdue.
    const done = Promise.resolve(writer.pendingDerivation());
    isReached = await Promise.race([held.then(() => true), done.then(() => false)]);
    if (isReached) {
      const waiting = [append('b'), append('c')];
      await setImmediate();
      waiting.push(append('d'));
      isOverdue = true;
      writer.giveUp();
      for (const one of waiting) await assert.rejects(one, isUnavailable);
      await assert.rejects(append('e'), isUnavailable);
      await assert.rejects(Promise.resolve(writer.pendingDerivation()), isUnavailable);
      assert.ok(writer.isFailing());
      isOverdue = false;
    }
    release();
    await done;
    for (const id of ['a', 'b', 'c']) while (!(await append(id).catch(() => undefined)));
    await writer.pendingDerivation();
    assert.equal(writer.isFailing(), false);
    assert.deepEqual(await findStored(project_id), { events: ['a', 'b', 'c'], ids: '3', users: '3' });
    await writer.close();
  }
});

test('answers all that waits when the log is overdue, and finds what it had written after all', async () => {
  const project_id = 'proj_overdue_log';
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: held, resolve: hold } = Promise.withResolvers<void>();
  let isOverdue = false;
  const writer = await open(
    gateway,
    () => isOverdue,
    (eventLog) => ({
      ...eventLog,
      append: async (...block) => {
        await eventLog.append(...block);
        hold();
        await released;
      },
    }),
  );
  const append = (id: string) =>
    writer.append([eventRow({ project_id, event_id: id, app_user_id: `user_${id}` })]);
  const late = append('a');
  await held;
  const queued = append('b');
  isOverdue = true;
  writer.giveUp();
  await assert.rejects(late, isUnavailable);
  await assert.rejects(queued, isUnavailable);
  isOverdue = false;
  release();
  assert.deepEqual(await append('a'), [false]);
  assert.deepEqual(await append('b'), [true]);
  await writer.pendingDerivation();
  assert.deepEqual(await findStored(project_id), { events: ['a', 'b'], ids: '2', users: '2' });
  await writer.close();
});
