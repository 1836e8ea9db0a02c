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

test('accepts a PostgreSQL URL, and rejects others without quoting them, because they may contain a password', () => {
  for (const url of [
    'postgres://127.0.0.1/appflow',
    'postgresql://user:p%40ss@db.example.com:5433/x?sslmode=verify-full',
  ])
    assert.equal(readConfig({ DATABASE_URL: url }).databaseUrl, url);
  for (const DATABASE_URL of [undefined, ''])
    assert.equal(readConfig({ DATABASE_URL }).databaseUrl, undefined);
  for (const DATABASE_URL of ['mysql://root:secret@host/db', 'postgres://', 'secret', 'host:5432/secret'])
    assert.throws(
      () => readConfig({ DATABASE_URL }),
      (error) =>
        error instanceof ConfigError &&
        /DATABASE_URL must/.test(error.message) &&
        !/secret/.test(error.message),
      DATABASE_URL,
    );
});

test('reads the URL of a ClickHouse server, and rejects anything else without repeating it', () => {
  for (const CLICKHOUSE_URL of ['http://127.0.0.1:8123', 'https://me:p%40ss@ch.example.com:8443/'])
    assert.equal(readConfig({ CLICKHOUSE_URL }).clickhouseUrl, CLICKHOUSE_URL);
  for (const CLICKHOUSE_URL of [undefined, ''])
    assert.equal(readConfig({ CLICKHOUSE_URL }).clickhouseUrl, undefined);
  const urls = ['tcp://secret@host:9000', 'secret', 'http://host/secret', 'http://host?database=secret'];
  for (const CLICKHOUSE_URL of urls)
    assert.throws(
      () => readConfig({ CLICKHOUSE_URL }),
      (error) =>
        error instanceof ConfigError &&
        /CLICKHOUSE_URL must/.test(error.message) &&
        !/secret/.test(error.message),
      CLICKHOUSE_URL,
    );
});

test('reads the name of a ClickHouse cluster, which needs a server', () => {
  const CLICKHOUSE_URL = 'http://127.0.0.1:8123';
  const read = (name: string) => readConfig({ CLICKHOUSE_URL, APPFLOW_CLICKHOUSE_CLUSTER: name });
  assert.deepEqual(
    ['', 'main', 'a.b-c_1'].map((name) => read(name).clickhouseCluster),
    [undefined, 'main', 'a.b-c_1'],
  );
  for (const name of ["main'", 'my cluster', 'ä'])
    assert.throws(() => read(name), /APPFLOW_CLICKHOUSE_CLUSTER is/);
  assert.throws(() => readConfig({ APPFLOW_CLICKHOUSE_CLUSTER: 'main' }), /needs CLICKHOUSE_URL/);
});

test('reads the URL of a node, which needs what nodes share, and rejects anything else', () => {
  const shared = {
    DATABASE_URL: 'postgres://127.0.0.1/appflow',
    CLICKHOUSE_URL: 'http://127.0.0.1:8123',
    APPFLOW_SECRET: 's'.repeat(32),
  };
  const read = (text: string, env: Record<string, string> = shared) =>
    readConfig({ ...env, APPFLOW_NODE_URL: text }).nodeUrl;
  for (const url of ['http://10.0.0.5:4001', 'http://[::1]:4001']) {
    assert.equal(read(url), url);
    assert.equal(read(`${url}/`), url);
  }
  assert.equal(read('', {}), undefined);
  for (const url of [
    'http://host',
    'https://host:4001',
    'http://host:4001/path',
    'http://me:secret@host:4001',
    'host:1',
  ])
    assert.throws(() => read(url), /APPFLOW_NODE_URL must/, url);
  for (const name of Object.keys(shared))
    assert.throws(() => read('http://host:4001', { ...shared, [name]: '' }), /requires DATABASE_URL/, name);
});

test('reads the memory of queries in MB and GB, and rejects anything else', () => {
  const read = (text: string) => readConfig({ APPFLOW_QUERY_MEMORY: text }).queryMemoryBytes;
  assert.deepEqual(['', '200MB', '2GB', '64GB'].map(read), [undefined, 2e8, 2e9, 64e9]);
  for (const text of ['199MB', '2', '2gb', '0GB', '1.5GB', '-1GB', '2GB '])
    assert.throws(() => read(text), /APPFLOW_QUERY_MEMORY is/, text);
});
