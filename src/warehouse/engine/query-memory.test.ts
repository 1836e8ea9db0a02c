import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultQueryMemory, querySettings } from './query-memory.ts';

const GIGABYTE = 1e9;

test('queries get a quarter of the memory of the machine or container, within bounds', () => {
  const unlimited = 2 ** 60;
  assert.equal(defaultQueryMemory(16 * GIGABYTE, 0), 4 * GIGABYTE);
  assert.equal(defaultQueryMemory(16 * GIGABYTE, unlimited), 4 * GIGABYTE);
  assert.equal(defaultQueryMemory(16 * GIGABYTE, 4 * GIGABYTE), GIGABYTE);
  assert.equal(defaultQueryMemory(GIGABYTE, 0), GIGABYTE / 2);
  assert.equal(defaultQueryMemory(256 * GIGABYTE, 0), 8 * GIGABYTE);
});

test('the parts of all readers add up to no more than the whole', () => {
  for (const readers of [1, 3, 4]) {
    const { max_memory_usage = 0, max_bytes_before_external_sort = 0 } = querySettings(1_000_003, readers);
    assert.ok(max_memory_usage * readers <= 1_000_003);
    assert.ok(max_bytes_before_external_sort < max_memory_usage);
  }
});
