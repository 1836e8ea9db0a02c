import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNameCounter } from './name-counter.ts';
import { createPeopleCounter } from './people-counter.ts';

test('counts people exactly up to the size of the sample, and within 5 % beyond it', () => {
  const counter = createPeopleCounter(10_000);
  const addUntil = (from: number, to: number) => {
    for (let id = from; id < to; id += 1)
      for (let times = 0; times < 2; times += 1) counter.add(`user_${id}`);
    return counter.count();
  };
  assert.deepEqual(addUntil(0, 10_000), { people: 10_000, isExact: true });
  const { people, isExact } = addUntil(10_000, 200_000);
  assert.equal(isExact, false);
  assert.ok(Math.abs(people / 200_000 - 1) < 0.05, `${people}`);
});

test('counts a person with two IDs once, in whatever order they come', () => {
  const counter = createPeopleCounter();
  counter.add('anon_1');
  counter.add('user_1');
  counter.link('anon_1');
  counter.link('anon_2');
  counter.add('anon_2');
  counter.add('user_2');
  assert.deepEqual(counter.count(), { people: 2, isExact: true });
});

test('counts the first names that it sees, most frequent first, and all others together', () => {
  const counter = createNameCounter(2);
  for (const name of ['a', 'b', 'c', 'b', 'd']) counter.add(name);
  assert.deepEqual(counter.read(), {
    counts: [
      { name: 'b', count: 2 },
      { name: 'a', count: 1 },
    ],
    others: 2,
  });
});
