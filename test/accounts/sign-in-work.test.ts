import assert from 'node:assert/strict';
import { scryptSync } from 'node:crypto';
import { it, mock } from 'node:test';
import { renewSetupLink } from '../../src/members/set-up.ts';
import { DASHBOARD_ROUTES } from '../../src/routes.ts';
import { openBrowser, PASSWORD, setUp } from '../support/browser.ts';
import { initProject, makeConfig, stopBeforeRemoval } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';

const config = makeConfig();
await initProject(config);
const { url, services, stop } = await startOpenServer(config, undefined, undefined, DASHBOARD_ROUTES);
stopBeforeRemoval(config.dataDir, stop);
await setUp(url, `${url}/setup#${await renewSetupLink(services)}`);
const { db } = services.control;

// Almost all time is spent in scrypt, with the same parameters everywhere, so this counts calls: timing depends on
// the machine. bench/sign-in.ts measures the time.
const { password: hasher } = await (await services.people.auth()).$context;
const hash = mock.method(hasher, 'hash');
const verify = mock.method(hasher, 'verify');

const COSTS = { N: 16_384, r: 16, p: 1, maxmem: 64 * 1_024 * 1_024 };

/** Returns the number of hashes that a rejected sign-in computed. */
async function countHashes(email: string): Promise<number> {
  hash.mock.resetCalls();
  verify.mock.resetCalls();
  const body = { email, password: 'a wrong password' };
  const { status } = await openBrowser(url).call('POST', '/app/v1/sign-in', { body });
  assert.equal(status, 401);
  return hash.mock.callCount() + verify.mock.callCount();
}

it('computes one hash for a wrong password', async () => {
  assert.equal(await countHashes('owner@example.com'), 1);
});

it('computes one hash for an account that does not exist', async () => {
  assert.equal(await countHashes('nobody@example.com'), 1);
});

it('computes as many MACs for the device cookie of any address, with or without an account', async () => {
  const isDeviceMac = mock.method(services.people, 'isDeviceMac');
  const cookie = `appflow_device=${Array.from({ length: 5 }, () => 'id.99999999999.mac').join('~')}`;
  for (const email of ['owner@example.com', 'nobody@example.com']) {
    isDeviceMac.mock.resetCalls();
    const body = { email, password: 'a wrong password' };
    assert.equal((await openBrowser(url, { cookie }).call('POST', '/app/v1/sign-in', { body })).status, 401);
    assert.equal(isDeviceMac.mock.callCount(), 5);
  }
});

it('computes one hash for an account without a password', async () => {
  await db.updateTable('credentials').set({ password: null }).execute();
  assert.equal(await countHashes('owner@example.com'), 1);
  await db.deleteFrom('credentials').execute();
  assert.equal(await countHashes('owner@example.com'), 1);
});

it('creates and verifies hashes with the same parameters', async () => {
  const derive = (salt: string) => scryptSync(PASSWORD, salt, 64, COSTS).toString('hex');
  const [salt = '', key] = (await hasher.hash(PASSWORD)).split(':');
  assert.equal(key, derive(salt));
  assert.equal(await hasher.verify({ hash: `${salt}:${derive(salt)}`, password: PASSWORD }), true);
});
