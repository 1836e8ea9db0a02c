import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Command, CommanderError } from 'commander';
import { cleanUp } from '../../test/support/clean-up.ts';
import { initProject, makeConfig } from '../../test/support/harness.ts';
import { openControlServices } from '../server/open-services.ts';
import { addKeysCommand } from './keys.ts';
import { UsageError } from './terminal/usage-error.ts';

const config = makeConfig();
const project = await initProject(config);
const services = await openControlServices(config);
cleanUp(() => services.close());
process.env.APPFLOW_DATA_DIR = config.dataDir;

/** Runs `appflow keys <args>` in this process. Rejects with its error, whose message lists every mistake. */
async function run(...args: string[]): Promise<string> {
  const printed: string[] = [];
  const program = new Command('appflow').exitOverride().configureOutput({
    writeOut: (text) => printed.push(text),
    writeErr: () => undefined,
  });
  addKeysCommand(program);
  try {
    await program.parseAsync(['keys', ...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return printed.join('');
    throw error;
  }
  return printed.join('');
}

it('rejects what the API rejects, with a message, and creates nothing', async () => {
  const before = services.directory.countKeys();
  const client = ['create', '--type', 'client', '--name', 'x'];
  for (const [args, message] of [
    [['create', '--type', 'clent', '--name', 'x'], /client/],
    [['create', '--type', 'client'], /--name/],
    [['create', '--name', 'x'], /--type/],
    [['create', '--type', 'client', '--name', ' '], /name/],
    [[...client, '--scopes', 'keys:write'], /can never have keys:write/],
    [[...client, '--scopes', 'keys:eat'], /scopes\.0/],
    [[...client, '--scopes', ''], /scopes\.0/],
    [[...client, '--expires-at', 'tomorrow'], /expires_at must be an RFC 3339 time/],
    [[...client, '--expires-at', '2020-01-01T00:00:00Z'], /future/],
    [[...client, '--ip-allowlist', '203.0.113.0/24,home'], /ip_allowlist\.1 must be an IP address or CIDR/],
    [[...client, '--allowed-origins', 'https://a.example.com'], /Only read_only keys have allowed_origins/],
    [['create', '--type', 'server', '--name', 'x', '--bundle-ids', 'a'], /Only client keys have bundle_ids/],
    [['create', '--type', 'read_only', '--name', 'x', '--allowed-sdks', 'posthog'], /Only client keys have/],
    [[...client, '--allowed-sdks', 'firebase'], /allowed_sdks\.0/],
    [[...client, '--rate-limits', '{"events":'], /Must be JSON such as/],
    [[...client, '--rate-limits', '[]'], /rate_limits/],
    [[...client, '--rate-limits', '{"events":{"requests":{"rate":0,"burst":1}}}'], /is invalid/],
    [[...client, '--metadata', 'team'], /Must be NAME=VALUE/],
    [[...client, '--metadata', '=growth'], /Must be NAME=VALUE/],
    [[...client, '--metadata', 'team=a', '--metadata', 'team=b'], /team is set twice/],
    [[...client, '--metadata', `key=${project.server_key}`], /metadata must not contain an API key/],
    [[...client, '--project', 'proj_none'], /There is no project proj_none/],
    [['list', '--type', 'clent'], /read_only/],
    [['list', '--status', 'dead'], /revoked/],
    [['revoke', 'key_none', '--yes'], /There is no API key key_none/],
    [['revoke', 'key_none', '--yes', '--reason', 'boredom'], /unused, rotated, leaked/],
    [['rotate', 'key_none'], /There is no API key key_none/],
    [['rotate', 'key_none', '--grace-from', 'later'], /first_use/],
    [['rotate', 'key_none', '--grace-seconds', '-1'], /whole number of seconds/],
  ] as const) {
    await assert.rejects(run(...args), (error: Error) => {
      assert.ok(error instanceof UsageError || error instanceof CommanderError, error.message);
      assert.match(error.message, message);
      return true;
    });
  }
  await assert.rejects(run(...client, '--app-ids', 'app_none'), (error: Error) => {
    assert.ok(!(error instanceof UsageError));
    assert.match(error.message, /not in this project/);
    return true;
  });
  await services.directory.refresh();
  assert.equal(services.directory.countKeys(), before);
});

it('explains every command with an example', async () => {
  for (const command of ['create', 'list', 'rotate', 'revoke']) {
    assert.match(
      await run(command, '--help'),
      new RegExp(`\\nExample[^\\n]*:\\n {2}bin/appflow keys ${command} `),
    );
  }
});
