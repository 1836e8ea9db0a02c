import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { closeAll, closeInReverse } from './close-all.ts';

const fails = (name: string) => async () => {
  throw new Error(name);
};

describe('closeAll', () => {
  it('waits for all even if some fail, and throws the first failure', async () => {
    const closed: string[] = [];
    const slow = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      closed.push('slow');
    };
    await assert.rejects(closeAll([slow, fails('a'), fails('b'), slow]), { message: 'a' });
    assert.deepEqual(closed, ['slow', 'slow']);
    await closeAll([slow]);
  });
});

describe('closeInReverse', () => {
  it('continues after a failure, and throws the first one unwrapped', async () => {
    const closed: number[] = [];
    const opened = new AsyncDisposableStack();
    opened.defer(() => void closed.push(1));
    for (const name of ['third', 'second', 'first']) opened.defer(fails(name));
    opened.defer(() => void closed.push(2));
    await assert.rejects(closeInReverse(opened), { message: 'first' });
    assert.deepEqual(closed, [2, 1]);
  });

  it('throws a single failure unwrapped, and nothing if all succeed', async () => {
    const opened = new AsyncDisposableStack();
    opened.defer(fails('only'));
    await assert.rejects(closeInReverse(opened), { message: 'only' });
    await closeInReverse(new AsyncDisposableStack());
  });
});
