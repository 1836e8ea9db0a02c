import assert from 'node:assert/strict';
import { scryptSync } from 'node:crypto';
import { after, it, mock } from 'node:test';
import { renewSetupLink } from '../../src/members/set-up.ts';
import { DASHBOARD_ROUTES } from '../../src/routes.ts';
import { openBrowser, PASSWORD, setUp } from '../support/browser.ts';
import { initProject, makeConfig } from '../support/harness.ts';
import { startOpenServer } from '../support/open-server.ts';

const config = makeConfig();
await initProject(config);
const { url, services, stop } = await startOpenServer(config, undefined, undefined, DASHBOARD_ROUTES);
after(stop);
await setUp(url, `${url}/setup#${await renewSetupLink(services)}`);
const { db } = services.control;

// What takes time is scrypt, with the same costs in both: once, whoever is said to sign in. Counted, as time itself is
// at the mercy of the machine; bench/sign-in.ts measures it.
const { password: hasher } = await (await services.people.auth()).$context;
const hash = mock.method(hasher, 'hash');
const verify = mock.method(hasher, 'verify');

const COSTS = { N: 16_384, r: 16, p: 1, maxmem: 64 * 1_024 * 1_024 };

/** Returns how often a refused sign-in hashed. */
async function countHashes(email: string): Promise<number> {
  hash.mock.resetCalls();
  verify.mock.resetCalls();
  const body = { email, password: 'a wrong password' };
  const { status } = await openBrowser(url).call('POST', '/app/v1/sign-in', { body });
  assert.equal(status, 401);
  return hash.mock.callCount() + verify.mock.callCount();
}

it('hashes once for a wrong password', async () => {
  assert.equal(await countHashes('owner@example.com'), 1);
});

it('hashes once for an account that does not exist', async () => {
  assert.equal(await countHashes('nobody@example.com'), 1);
});

it('hashes once for an account without a password', async () => {
  await db.updateTable('credentials').set({ password: null }).execute();
  assert.equal(await countHashes('owner@example.com'), 1);
  await db.deleteFrom('credentials').execute();
  assert.equal(await countHashes('owner@example.com'), 1);
});

it('spends the same costs on making a hash as on comparing with one', async () => {
  const derive = (salt: string) => scryptSync(PASSWORD, salt, 64, COSTS).toString('hex');
  const [salt = '', key] = (await hasher.hash(PASSWORD)).split(':');
  assert.equal(key, derive(salt));
  assert.equal(await hasher.verify({ hash: `${salt}:${derive(salt)}`, password: PASSWORD }), true);
});
