import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openControlServices } from '../../src/server/open-services.ts';
import { startChildServer } from '../support/child-server.ts';
import { type CallOptions, initProject, makeConfig, makeTempDir } from '../support/harness.ts';
import { sendRaw } from '../support/raw-http.ts';

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

function filesIn(dir: string): string[] {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('the installation secret', () => {
  it('creates the secret at the first start, readable only by its owner, and keeps it', async () => {
    const config = makeConfig();
    await initProject(config);
    const file = join(config.dataDir, 'secrets', 'appflow-secret');
    const secret = readFileSync(file, 'utf8');
    assert.match(secret, /^[\w-]{43}\n$/);
    assert.deepEqual([modeOf(file), modeOf(join(config.dataDir, 'secrets'))], ['600', '700']);
    await initProject(config);
    assert.equal(readFileSync(file, 'utf8'), secret);
  });

  it('restores the permissions of a secret that other users could read', async () => {
    const config = makeConfig();
    await initProject(config);
    const [dir, file] = [join(config.dataDir, 'secrets'), join(config.dataDir, 'secrets', 'appflow-secret')];
    chmodSync(dir, 0o755);
    chmodSync(file, 0o644);
    await initProject(config);
    assert.deepEqual([modeOf(file), modeOf(dir)], ['600', '700']);
  });

  it('creates a single secret when two processes start at the same time', async () => {
    const config = makeConfig();
    const both = await Promise.all([openControlServices(config), openControlServices(config)]);
    assert.equal(both[0].pepper.id, both[1].pepper.id);
    for (const services of both) await services.close();
  });

  it('fails at startup with a different secret, and explains what to do', async () => {
    const dataDir = makeTempDir();
    await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
    const env = { APPFLOW_DATA_DIR: dataDir, APPFLOW_SECRET: 'quite another secret of enough characters' };
    await assert.rejects(startChildServer(env), (error: Error) => {
      assert.match(error.message, /exited with 1/);
      assert.match(error.message, /APPFLOW_SECRET is not the secret .* Set the old secret again/);
      assert.ok(!error.message.includes(env.APPFLOW_SECRET));
      return true;
    });
  });

  it('reads the secret from the environment or a file without storing it in the data folder', async () => {
    const dataDir = makeTempDir();
    const file = join(makeTempDir(), 'secret');
    const secret = 'a secret from the environment, long enough';
    writeFileSync(file, `${secret}\n`);
    await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir, APPFLOW_SECRET: secret }));
    await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir, APPFLOW_SECRET_FILE: file }));
    for (const path of filesIn(dataDir)) assert.ok(!readFileSync(path).includes(secret), path);
  });
});

type Call = [method: string, path: string, options: CallOptions];

/** Uses a key as intended, then in every place where it does not belong. `key` is a valid key. */
function misuses(secret: string, key: string): Call[] {
  const events = [{ event_name: 'opened', app_user_id: 'u1' }];
  const proper = ['/v1/api-keys/self', '/v1/api-keys', '/v1/project', '/v1/events'];
  const paths = [`/v1/apps?key=${secret}`, `/v1/apps/${secret}`, `/v1/api-keys/${secret}`, `/${secret}`];
  const searches = [`cursor=${secret}`, `app_id=${secret}`, `limit=${secret}`, `${secret}=1`];
  const authorizations = [secret, `Basic ${secret}`, `Bearer ${secret}x`, `Bearer ${secret}, ${secret}`];
  const names = ['x-request-id', 'cookie', 'origin', 'x-forwarded-for', 'content-type', 'content-encoding'];
  const bodies = [
    { name: 'x', type: secret, project_id: secret },
    { name: 'x', type: 'client', app_ids: [secret] },
    { [secret]: secret },
  ];
  return [
    ['POST', '/v1/events', { key: secret, body: { events } }],
    ...proper.map((path): Call => ['GET', path, { key: secret }]),
    ...paths.map((path): Call => ['GET', path, { key }]),
    ...paths.map((path): Call => ['GET', path, {}]),
    ...paths.map((path): Call => ['PUT', path, {}]),
    ...searches.map((search): Call => ['GET', `/v1/events?${search}`, { key }]),
    ...authorizations.map((authorization): Call => ['GET', '/v1/project', { headers: { authorization } }]),
    ...names.map((name): Call => ['POST', '/v1/apps', { key, body: secret, headers: { [name]: secret } }]),
    ...bodies.map((body): Call => ['POST', '/v1/api-keys', { key, body }]),
  ];
}

/** The random part alone is enough to do harm. */
const randomPartOf = (secret: string) => secret.slice(7, 50);

describe('secrecy of API keys', () => {
  it('writes a key to no file, no log and no response except the one that created it', async () => {
    const dataDir = makeTempDir();
    const project = await initProject(makeConfig({ APPFLOW_DATA_DIR: dataDir }));
    const server = await startChildServer({ APPFLOW_DATA_DIR: dataDir, LOG_LEVEL: 'trace' });
    const { server_key: key } = project;
    const minted = [project.server_key, project.client_key, project.read_only_key];
    for (const type of ['server', 'client', 'read_only']) {
      // The response is stored encrypted, so that it can be replayed.
      const headers = { 'idempotency-key': `made-${type}` };
      const made = await server.call('POST', '/v1/api-keys', { key, headers, body: { name: type, type } });
      const path = `/v1/api-keys/${made.body.id}/rotate`;
      const rotated = await server.call('POST', path, { key, headers, body: {} });
      minted.push(made.body.key, rotated.body.key);
    }
    const answers: string[] = [];
    for (const secret of minted) {
      for (const [method, path, options] of misuses(secret, key)) {
        const { status, text, headers } = await server.call(method, path, options);
        assert.ok(status < 500, text);
        answers.push(text + JSON.stringify([...headers]));
      }
      answers.push(
        await sendRaw(server.url, `GET /${secret} HTTP/9\r\nAuthorization: Bearer ${secret}\r\n\r\n`),
      );
    }
    assert.equal((await server.stop()).code, 0);
    const output = server.output();
    assert.ok(output.includes('"msg"'), 'there is a log to look at');
    const installation = readFileSync(join(dataDir, 'secrets', 'appflow-secret'), 'utf8').trim();
    const parts = [...minted.map(randomPartOf), installation];
    assert.deepEqual(findAll(parts, [...answers, output]), []);
    const files = filesIn(dataDir).filter((path) => !path.endsWith('appflow-secret'));
    const contents = files.map((path) => readFileSync(path, 'latin1'));
    assert.deepEqual(findAll(parts, contents), []);
    assert.ok(
      contents.some((text) => text.includes('First server key')),
      'the files are those of the keys',
    );
  });
});

/** Returns which of `parts` occur, and in which text. */
function findAll(parts: string[], texts: string[]): { part: string; in: string }[] {
  return texts.flatMap((text) =>
    parts.filter((part) => text.includes(part)).map((part) => ({ part, in: text.slice(0, 1_000) })),
  );
}
