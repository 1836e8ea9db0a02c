import assert from 'node:assert/strict';
import { it } from 'node:test';
import { init } from '../../src/cli/init.ts';
import { UsageError } from '../../src/cli/terminal/usage-error.ts';
import { startServer } from '../../src/server/start.ts';
import { type Browser, join, setUp } from '../support/browser.ts';
import { cleanUp } from '../support/clean-up.ts';
import { makeConfig } from '../support/harness.ts';
import { trackSecrets } from '../support/minted-secrets.ts';

const config = makeConfig();
const server = await startServer(config);
cleanUp(server.stop);

async function initProject(project: string, options: { owner?: string } = {}): Promise<string> {
  const made = await init(config, { project, app: 'App', platform: 'ios', ...options });
  trackSecrets(JSON.stringify(made));
  return made.project_id;
}

async function listOwned(browser: Browser): Promise<string[]> {
  const { body } = await browser.call('GET', '/app/v1/session');
  const owned = body.projects.filter(({ role }: { role: string }) => role === 'owner');
  return owned.map(({ id }: { id: string }) => id);
}

const before = await initProject('Before');
const owner = await setUp(server.url, server.setupUrl);
const developer = await join(owner, before, 'developer', 'Developer');

it('assigns projects created by the CLI to the first account, before or after it exists', async () => {
  const later = await initProject('Later');
  assert.deepEqual((await listOwned(owner)).toSorted(), [before, later].toSorted());
  assert.deepEqual(await listOwned(developer), []);
});

it('assigns a project created by the CLI to the account given with --owner, in any case', async () => {
  const theirs = await initProject('Theirs', { owner: 'DEVELOPER@example.com' });
  assert.deepEqual(await listOwned(developer), [theirs]);
  assert.ok(!(await listOwned(owner)).includes(theirs));
});

it('creates no project if --owner has no account', async () => {
  await assert.rejects(initProject('Nobody', { owner: 'nobody@example.com' }), (error) => {
    return error instanceof UsageError && error.message.includes('nobody@example.com');
  });
  const owned = [...(await listOwned(owner)), ...(await listOwned(developer))];
  assert.equal(owned.length, 3);
});
