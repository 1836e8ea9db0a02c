import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { withSignal } from './with-signal.ts';

const unread = { signal: () => assert.fail('created although nothing reads it') };

test('creates the signal when it is read, and not before', () => {
  const controller = new AbortController();
  const input = withSignal({ query: 1 }, { signal: () => controller.signal });
  assert.equal(input.signal, controller.signal);
  assert.deepEqual({ ...withSignal({ query: 1 }, unread) }.query, 1);
});

test('gives the inputs of all requests the same hidden class: V8 would keep each with its request', () => {
  setFlagsFromString('--allow-natives-syntax');
  const haveSameMap: (one: object, other: object) => boolean = runInThisContext(
    '(one, other) => %HaveSameMap(one, other)',
  );
  const create = () => withSignal({ query: 1, body: {} }, { signal: () => new AbortController().signal });
  assert.ok(haveSameMap(create(), create()));
});
