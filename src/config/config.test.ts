import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, readConfig } from './config.ts';

test('accepts a Redis URL with and without TLS, a password and a database number', () => {
  for (const url of ['redis://127.0.0.1:6379', 'rediss://user:p%40ss@redis.example.com/2', 'redis://[::1]']) {
    assert.equal(readConfig({ REDIS_URL: url }).redisUrl, url);
  }
  for (const REDIS_URL of [undefined, '']) assert.equal(readConfig({ REDIS_URL }).redisUrl, undefined);
});

test('rejects an invalid Redis URL without quoting it, because it may contain a password', () => {
  for (const REDIS_URL of ['127.0.0.1:6379', 'http://:secret@host', 'redis://', 'redis:secret', 'secret']) {
    assert.throws(
      () => readConfig({ REDIS_URL }),
      (error) =>
        error instanceof ConfigError && /REDIS_URL/.test(error.message) && !/secret/.test(error.message),
      REDIS_URL,
    );
  }
});

test('rejects settings for engines that this release does not use', () => {
  for (const name of ['DATABASE_URL', 'CLICKHOUSE_URL']) {
    assert.throws(() => readConfig({ [name]: 'postgres://localhost' }), new RegExp(`${name} is set`));
  }
});

test('reads the memory of queries in MB and GB, and rejects anything else', () => {
  const read = (text: string) => readConfig({ APPFLOW_QUERY_MEMORY: text }).queryMemoryBytes;
  assert.deepEqual(['', '200MB', '2GB', '64GB'].map(read), [undefined, 2e8, 2e9, 64e9]);
  for (const text of ['199MB', '2', '2gb', '0GB', '1.5GB', '-1GB', '2GB '])
    assert.throws(() => read(text), /APPFLOW_QUERY_MEMORY is/, text);
});
