import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { publishInserted } from './publish-inserted.ts';

function makeStore() {
  const store = { isFailing: true, queries: 0 };
  const query = async () => {
    store.queries += 1;
    if (store.isFailing) throw new Error('away');
    return [];
  };
  return { store, warehouse: { query, isFailing: () => store.isFailing } };
}

it('publishes blocks in order, those that cannot be inserted yet once they are', async () => {
  const { store, warehouse } = makeStore();
  const published: number[] = [];
  const publisher = publishInserted(warehouse, (_, block) => published.push(block));
  publisher.publish([], 1);
  publisher.publish([], 2);
  await setTimeout(100);
  assert.deepEqual(published, []);
  store.isFailing = false;
  publisher.publish([], 3);
  await setTimeout(1_500);
  publisher.publish([], 4);
  assert.deepEqual(published, [1, 2, 3, 4]);
});

it('asks nothing and publishes nothing after it was stopped, although blocks wait because the store failed', async () => {
  const { store, warehouse } = makeStore();
  const published: number[] = [];
  const publisher = publishInserted(warehouse, (_, block) => published.push(block));
  publisher.publish([], 1);
  await setTimeout(100);
  const before = store.queries;
  assert.equal(before, 1);
  publisher.stop();
  store.isFailing = false;
  await setTimeout(1_500);
  assert.equal(store.queries, before);
  assert.deepEqual(published, []);
});
