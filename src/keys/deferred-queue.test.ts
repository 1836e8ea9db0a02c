import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createDeferredQueue } from './deferred-queue.ts';

const DELAY_MS = 20;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function makeQueue(itemsMax = 3) {
  const written: number[][] = [];
  const errors: unknown[] = [];
  const state = { isBroken: false };
  const queue = createDeferredQueue<number>({
    delayMs: DELAY_MS,
    itemsMax,
    async write(items) {
      if (state.isBroken) throw new Error('broken');
      written.push([...items]);
    },
    onError: (error) => errors.push(error),
  });
  return { queue, written, errors, state };
}

it('writes what was pushed together, a little later and once', async () => {
  const { queue, written } = makeQueue();
  queue.push(1);
  queue.push(2);
  assert.deepEqual(written, []);
  await wait(DELAY_MS * 3);
  assert.deepEqual(written, [[1, 2]]);
  await queue.close();
  assert.deepEqual(written, [[1, 2]]);
});

it('takes no more than its bound', async () => {
  const { queue, written } = makeQueue(2);
  assert.deepEqual([queue.push(1), queue.push(2), queue.push(3)], [true, true, false]);
  await queue.flush();
  assert.deepEqual(written, [[1, 2]]);
  assert.equal(queue.push(4), true);
  await queue.close();
});

it('keeps what could not be written and tries again', async () => {
  const { queue, written, errors, state } = makeQueue();
  state.isBroken = true;
  queue.push(1);
  await queue.flush();
  assert.deepEqual([written, errors.length], [[], 1]);
  state.isBroken = false;
  queue.push(2);
  await queue.close();
  assert.deepEqual(written, [[1, 2]]);
});
