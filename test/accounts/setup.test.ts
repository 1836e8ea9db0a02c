import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { it } from 'node:test';
import { getMigrations } from 'better-auth/db/migration';
import { describeAuth } from '../../src/accounts/better-auth.ts';
import { createPasswordHasher } from '../../src/accounts/hashing/password-hasher.ts';
import { openSqliteControl } from '../../src/control/open-sqlite.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { renewSetupLink } from '../../src/members/set-up.ts';
import { DASHBOARD_ROUTES } from '../../src/routes.ts';
import { openBrowser, PASSWORD, signIn, tokenOf } from '../support/browser.ts';
import { initProject, makeConfig, makeTempDir, stopBeforeRemoval } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';

const config = makeConfig();
const { project_id } = await initProject(config);
const { url, services, stop } = await startOpenServer(config, undefined, undefined, DASHBOARD_ROUTES);
stopBeforeRemoval(config.dataDir, stop);
const body = { name: 'Owner', email: 'Owner@Example.com', password: PASSWORD };
const post = (path: string, sent: unknown) => openBrowser(url).call('POST', path, { body: sent });
const countPeople = async () =>
  (await services.control.db.selectFrom('people').select('id').execute()).length;

it('reports that the first account has not been created', async () => {
  const { body: state } = await openBrowser(url).call('GET', '/app/v1/setup');
  assert.deepEqual(state, { needs_setup: true, allows_sign_in: true });
});

it('creates no account for a wrong token, an invalid email address, or a password that is short or easy to guess', async () => {
  const token = tokenOf(`#${await renewSetupLink(services)}`);
  for (const [wrong, status] of [
    [{ token: 'guess' }, 404],
    [{ email: 'nobody' }, 422],
    [{ password: 'x'.repeat(11) }, 422],
    [{ password: 'x'.repeat(129) }, 422],
    [{ password: 'passwordpassword' }, 422],
    [{ callbackURL: 'https://evil.example' }, 422],
  ] as const) {
    const answer = await post('/app/v1/setup', { token, ...body, ...wrong });
    assert.equal(answer.status, status, answer.text);
  }
  assert.equal(await countPeople(), 0);
});

it('invalidates a setup link when a newer one is created, as at every start', async () => {
  const older = await renewSetupLink(services);
  const newer = await renewSetupLink(services);
  assert.notEqual(older, newer);
  const answer = await post('/app/v1/setup', { ...body, token: older });
  assert.deepEqual([answer.status, answer.body.code], [404, 'not_found']);
  assert.equal(await countPeople(), 0);
});

it('creates one account for fifty concurrent requests with one link, and makes it owner of existing projects', async () => {
  const token = await renewSetupLink(services);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      post('/app/v1/setup', { ...body, token, email: `owner${index}@example.com` }),
    ),
  );
  const made = answers.filter(({ status }) => status === 201);
  assert.equal(made.length, 1);
  // Each hashes a password, one after the other: the last ones may wait for too long, and too many of them fail.
  assert.ok(answers.every(({ status }) => [201, 404, 429, 503].includes(status)));
  assert.equal(await countPeople(), 1);
  const [project] = made[0]?.body.projects ?? [];
  assert.deepEqual([project.id, project.role], [project_id, 'owner']);
});

it('creates no second account with a used link, and no new link once there is an account', async () => {
  assert.equal(await renewSetupLink(services), undefined);
  const { body: state } = await openBrowser(url).call('GET', '/app/v1/setup');
  assert.equal(state.needs_setup, false);
});

it('stores no plain session token or password in any file', async () => {
  const { email } = await services.control.db.selectFrom('people').select('email').executeTakeFirstOrThrow();
  const browser = await signIn(url, email);
  const [, token = ''] = browser.cookie().split(/[=;]/);
  assert.match(token, /^[A-Za-z0-9]{32}$/);
  for (const file of ['control.db', 'control.db-wal']) {
    const bytes = readFileSync(joinPath(config.dataDir, file), 'latin1');
    assert.ok(!bytes.includes(token), file);
    assert.ok(!bytes.includes(PASSWORD), file);
  }
  await services.control.db.selectFrom('sessions').select('token').executeTakeFirstOrThrow();
  const { token: stored } = await services.control.db
    .selectFrom('sessions')
    .select('token')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow();
  const thief = openBrowser(url, { cookie: `appflow_session=${stored}` });
  assert.equal((await thief.call('GET', '/app/v1/session')).status, 401, 'what is stored opens nothing');
});

it('has all tables that better-auth requires', async () => {
  const control = await openSqliteControl(joinPath(makeTempDir(), 'control.sqlite'), systemClock());
  const options = describeAuth([{ version: 1, value: 'x'.repeat(43) }], createPasswordHasher());
  const { toBeCreated, toBeAdded, toBeAddedIndexes, schemaProblems } = await getMigrations({
    ...options,
    database: { db: control.db, type: 'sqlite' },
  });
  assert.deepEqual({ toBeCreated, toBeAdded, toBeAddedIndexes, schemaProblems }, NO_CHANGES);
  await control.close();
});

const NO_CHANGES = { toBeCreated: [], toBeAdded: [], toBeAddedIndexes: [], schemaProblems: [] };
