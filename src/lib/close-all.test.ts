import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { closeAll, closeInReverse } from './close-all.ts';

const fails = (name: string) => async () => {
  throw new Error(name);
};

describe('closing all at once', () => {
  it('waits for each though another fails, and throws the first that failed', async () => {
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

describe('closing in reverse', () => {
  it('goes on after a failure, and throws what failed first, as it was', async () => {
    const closed: number[] = [];
    const opened = new AsyncDisposableStack();
    opened.defer(() => void closed.push(1));
    for (const name of ['third', 'second', 'first']) opened.defer(fails(name));
    opened.defer(() => void closed.push(2));
    await assert.rejects(closeInReverse(opened), { message: 'first' });
    assert.deepEqual(closed, [2, 1]);
  });

  it('throws one failure as it is, and none when there is none', async () => {
    const opened = new AsyncDisposableStack();
    opened.defer(fails('only'));
    await assert.rejects(closeInReverse(opened), { message: 'only' });
    await closeInReverse(new AsyncDisposableStack());
  });
});
