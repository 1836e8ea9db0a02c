import assert from 'node:assert/strict';
import { join as joinPath } from 'node:path';
import { beforeEach, it, mock } from 'node:test';
import Database from 'better-sqlite3';
import { createLimiter } from '../../src/limits/limiter.ts';
import { renewSetupLink } from '../../src/members/set-up.ts';
import { DASHBOARD_ROUTES } from '../../src/routes.ts';
import { openBrowser, PASSWORD, setUp, stepUp, tokenOf } from '../support/browser.ts';
import { initProject, makeConfig, stopBeforeRemoval } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';

let nowUs = 0;
const limiter = createLimiter({ nowUs: () => nowUs });
const config = makeConfig();
const { project_id, server_key } = await initProject(config);
const { url, services, stop } = await startOpenServer(
  config,
  undefined,
  () => ({ limiter }),
  DASHBOARD_ROUTES,
);
stopBeforeRemoval(config.dataDir, stop);
const { password: hasher } = await (await services.people.auth()).$context;
const hash = mock.method(hasher, 'hash');
const setupToken = (await renewSetupLink(services)) ?? assert.fail();
const KEY_NAME = `n ${server_key}`;
const ATTEMPTS_MAX = 5;

const post = async (path: string, body: object) =>
  (await openBrowser(url).call('POST', path, { body })).status;
const accept = (token: string, name = 'Guest') =>
  post('/app/v1/invitations/accept', { token, name, password: PASSWORD });

beforeEach(() => {
  nowUs += 3_600_000_000;
  hash.mock.resetCalls();
});

it('hashes no password for a setup link with a name or address that is refused', async () => {
  const body = { token: setupToken, name: KEY_NAME, email: 'owner@example.com', password: PASSWORD };
  for (let request = 1; request <= 10; request += 1) assert.equal(await post('/app/v1/setup', body), 422);
  assert.equal(hash.mock.callCount(), 0);
});

const owner = async () => {
  const browser = await setUp(url, `${url}/setup#${setupToken}`);
  await stepUp(browser);
  return browser;
};
let inviting: ReturnType<typeof owner> | undefined;

async function invite(email: string): Promise<string> {
  inviting ??= owner();
  const path = `/app/v1/projects/${project_id}/invitations`;
  const { body } = await (await inviting).call('POST', path, { body: { email, role: 'analyst' } });
  return tokenOf(body.link);
}

it('hashes no password for an invitation with a name that is refused', async () => {
  const token = await invite('refused@example.com');
  hash.mock.resetCalls();
  for (let request = 1; request <= 10; request += 1) assert.equal(await accept(token, KEY_NAME), 422);
  assert.equal(hash.mock.callCount(), 0);
  assert.equal(await accept(token), 200);
});

it('hashes one password for an invitation that is accepted several times concurrently', async () => {
  const token = await invite('twice@example.com');
  hash.mock.resetCalls();
  const statuses = await Promise.all(Array.from({ length: 4 }, () => accept(token)));
  assert.deepEqual(statuses.sort(), [200, 404, 404, 404]);
  assert.equal(hash.mock.callCount(), 1);
});

it('counts each use of an invitation that fails after its password was hashed', async () => {
  const token = await invite('failing@example.com');
  hash.mock.resetCalls();
  const database = new Database(joinPath(config.dataDir, 'control.db'));
  database.exec("CREATE TRIGGER fail BEFORE INSERT ON people BEGIN SELECT raise(ABORT, 'injected'); END");
  for (let request = 1; request <= ATTEMPTS_MAX; request += 1) assert.equal(await accept(token), 500);
  assert.equal(await accept(token), 429);
  assert.equal(hash.mock.callCount(), ATTEMPTS_MAX);
  database.exec('DROP TRIGGER fail');
  database.close();
  nowUs += 3_600_000_000;
  assert.equal(await accept(token), 200);
});
