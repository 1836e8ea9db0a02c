import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { createDeferredQueue } from './deferred-queue.ts';

const DELAY_MS = 100;
const RETRY_MS_MAX = 30_000;

type Item = { name: string; value: number };

const item = (name: string, value = 0): Item => ({ name, value });

/** Returns a queue whose timers the test controls. */
function makeQueue({ mock }: TestContext, { itemsMax = 3, isNamed = true } = {}) {
  mock.timers.enable({ apis: ['setTimeout'] });
  const written: Item[][] = [];
  const errors: unknown[] = [];
  const state = { isBroken: false, gate: Promise.resolve() };
  const queue = createDeferredQueue<Item>({
    delayMs: DELAY_MS,
    itemsMax,
    ...(isNamed ? { nameOf: ({ name }: Item) => name } : {}),
    async write(items) {
      await state.gate;
      if (state.isBroken) throw new Error('broken');
      written.push([...items]);
    },
    onError: (error) => errors.push(error),
  });
  const tick = async (ms: number) => {
    mock.timers.tick(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, written, errors, state, tick };
}

it('writes what was pushed together, after the delay and once', async (context) => {
  const { queue, written, tick } = makeQueue(context);
  queue.push(item('a'));
  queue.push(item('b'));
  await tick(DELAY_MS - 1);
  assert.deepEqual(written, []);
  await tick(1);
  assert.deepEqual(written, [[item('a'), item('b')]]);
  await tick(RETRY_MS_MAX);
  await queue.close();
  assert.equal(written.length, 1);
});

it('takes no more items than its limit', async (context) => {
  const { queue, written } = makeQueue(context, { itemsMax: 2 });
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => queue.push(item(name))),
    [true, true, false],
  );
  await queue.flush();
  assert.deepEqual(written, [[item('a'), item('b')]]);
  assert.equal(queue.push(item('d')), true);
  await queue.close();
});

it('keeps the first item with a name, even while it is being written, and accepts the name again afterwards', async (context) => {
  const { queue, written, state } = makeQueue(context);
  const { promise, resolve } = Promise.withResolvers<void>();
  state.gate = promise;
  assert.equal(queue.push(item('a', 1)), true);
  const flushed = queue.flush();
  assert.equal(queue.push(item('a', 2)), true);
  assert.equal(queue.has('a'), true);
  resolve();
  await flushed;
  assert.equal(queue.has('a'), false);
  queue.push(item('a', 3));
  await queue.close();
  assert.deepEqual(written, [[item('a', 1)], [item('a', 3)]]);
});

it('writes every item if items have no names', async (context) => {
  const { queue, written } = makeQueue(context, { isNamed: false });
  queue.push(item('a', 1));
  queue.push(item('a', 2));
  await queue.close();
  assert.deepEqual(written, [[item('a', 1), item('a', 2)]]);
});

it('keeps what could not be written and retries it before what came later', async (context) => {
  const { queue, written, errors, state } = makeQueue(context);
  state.isBroken = true;
  queue.push(item('a'));
  await queue.flush();
  assert.deepEqual([written, errors.length, queue.has('a')], [[], 1, true]);
  state.isBroken = false;
  queue.push(item('b'));
  await queue.close();
  assert.deepEqual(written, [[item('a'), item('b')]]);
});

it('doubles the delay after each failure, up to 30 s, and resets it after a success', async (context) => {
  const { queue, written, errors, state, tick } = makeQueue(context);
  state.isBroken = true;
  queue.push(item('a'));
  await tick(DELAY_MS);
  for (const [failures, waitMs] of [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600].entries()) {
    assert.equal(errors.length, failures + 1);
    await tick(waitMs - 1);
    assert.equal(errors.length, failures + 1);
    await tick(1);
  }
  for (const failures of [9, 10]) {
    assert.equal(errors.length, failures);
    await tick(RETRY_MS_MAX - 1);
    assert.equal(errors.length, failures);
    await tick(1);
  }
  state.isBroken = false;
  await tick(RETRY_MS_MAX);
  assert.deepEqual(written, [[item('a')]]);
  queue.push(item('b'));
  await tick(DELAY_MS);
  assert.deepEqual(written, [[item('a')], [item('b')]]);
});

it('tries one last time when it is closed, and leaves no timer', async (context) => {
  const { queue, errors, state, tick } = makeQueue(context);
  state.isBroken = true;
  queue.push(item('a'));
  await queue.close();
  assert.equal(errors.length, 1);
  await tick(RETRY_MS_MAX);
  assert.equal(errors.length, 1);
});
