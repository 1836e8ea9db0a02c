import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanUp } from '../../support/clean-up.ts';
import { findFreePort } from '../../support/free-port.ts';
import { makeTempDir } from '../../support/harness.ts';
import { NEEDS_REDIS, startRedis, type TestRedis } from './redis-server.ts';
import { countPassing, oneUnit, openStore, requireHealed } from './redis-store.ts';
import { startLimitedServer } from './redis-under-load.ts';

const canMakeCertificates = spawnSync('openssl', ['version']).status === 0;
const NEEDS_OPENSSL = { skip: NEEDS_REDIS.skip || (!canMakeCertificates && 'openssl is not installed') };

/** A certificate authority for this test, and a certificate it issued for the name `localhost` only. */
function makeCertificates() {
  const dir = makeTempDir();
  const fileOf = (name: string) => join(dir, name);
  const make = (name: string, ...more: string[]) =>
    execFileSync(
      'openssl',
      [
        ...[
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:prime256v1',
          '-nodes',
          '-days',
          '2',
        ],
        ...['-subj', `/CN=${name}`, '-keyout', fileOf(`${name}.key`), '-out', fileOf(`${name}.crt`), ...more],
      ],
      { stdio: 'pipe' },
    );
  make('authority');
  const issuer = ['-CA', fileOf('authority.crt'), '-CAkey', fileOf('authority.key')];
  make(
    'localhost',
    ...issuer,
    '-addext',
    'subjectAltName=DNS:localhost',
    '-addext',
    'basicConstraints=CA:FALSE',
  );
  return {
    authority: fileOf('authority.crt'),
    certificate: fileOf('localhost.crt'),
    key: fileOf('localhost.key'),
  };
}

describe('rediss:// over TLS', NEEDS_OPENSSL, () => {
  let redis: TestRedis;
  let port: number;
  const files = makeCertificates();
  before(async () => {
    port = await findFreePort();
    const tls = ['--tls-port', String(port), '--tls-auth-clients', 'no'];
    redis = await startRedis([...tls, '--tls-cert-file', files.certificate, '--tls-key-file', files.key]);
  });
  cleanUp(() => redis[Symbol.asyncDispose]());

  /** What a server reports about its Redis when NODE_EXTRA_CA_CERTS names the authority: /readyz, then the log. */
  async function askServer(host: string) {
    const { server, key } = await startLimitedServer(`rediss://${host}:${port}`, {
      NODE_EXTRA_CA_CERTS: files.authority,
      APPFLOW_LIMIT_MANAGEMENT: '0.01/100',
    });
    assert.equal((await server.call('GET', '/v1/api-keys/self', { key })).status, 200);
    const { body } = await server.call('GET', '/readyz');
    await server.stop();
    return { status: body.status, output: server.output() };
  }

  test('a certificate of the authority in NODE_EXTRA_CA_CERTS is accepted, and limits are counted there', async () => {
    const { status } = await askServer('localhost');
    assert.equal(status, 'ok');
    assert.equal((await redis.client.keys('appflow:rl:management:*')).length, 1);
  });

  test('a certificate for another name is rejected, the log says why, and each process decides alone', async () => {
    const { status, output } = await askServer('127.0.0.1');
    assert.equal(status, 'degraded');
    assert.match(output, /Redis does not answer/);
    assert.match(output, /does not match certificate's altnames/);
  });

  test('a certificate of an unknown authority is rejected, and the log says why', async () => {
    const store = await openStore(`rediss://localhost:${port}`);
    assert.ok(store.report().problem !== undefined);
    assert.match(store.lines[0] ?? '', /unable to verify the first certificate|self-signed certificate/);
    assert.equal(await countPassing(store, oneUnit('refused')), 100);
    assert.equal(await redis.client.exists('appflow:rl:analytics:refused'), 0);
  });
});

describe('a node of a Redis Cluster', NEEDS_REDIS, () => {
  const asNode = () => [
    '--cluster-enabled',
    'yes',
    '--cluster-config-file',
    join(makeTempDir(), 'nodes.conf'),
  ];

  test('is rejected with a clear message, nothing is written to it, and each process decides alone', async () => {
    await using redis = await startRedis(asNode());
    await redis.client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    // This node has all slots, so it could serve as a single node; refusing it is a choice.
    while (!String(await redis.client.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(20);
    const store = await openStore(redis.url);
    assert.match(
      store.report().problem ?? '',
      /node of a Redis Cluster.*single Redis.*1\/1 of each rate limit/,
    );
    assert.match(store.lines.join(''), /node of a Redis Cluster/);
    assert.equal(await countPassing(store, oneUnit('key')), 100);
    assert.equal(await redis.client.dbsize(), 0);
    const twoNames = redis.client.mget('appflow:rl:sign-in:one', 'appflow:rl:sign-in:other');
    await assert.rejects(twoNames, /CROSSSLOT/, 'why: one request charges several names');
  });

  test('can be replaced by a single Redis without a restart', async () => {
    const node = await startRedis(asNode());
    const store = await openStore(node.url);
    assert.match(store.report().problem ?? '', /Redis Cluster/);
    await node[Symbol.asyncDispose]();
    await using redis = await startRedis([], node.port);
    await requireHealed(store);
    assert.ok((await store.charge(oneUnit('key'))).allowed);
    assert.equal(await redis.client.exists('appflow:rl:analytics:key'), 1);
  });
});
