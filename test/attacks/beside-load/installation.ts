import assert from 'node:assert/strict';
import { join, openBrowser, PASSWORD, stepUp, tokenOf } from '../../support/browser.ts';
import { runCli } from '../../support/child-processes.ts';
import { enableTotp } from '../../support/second-factor.ts';
import type { Target } from '../attack.ts';

/** A data folder with months of events, and keys for backends that no attacker has. */
export type Installation = {
  env: Record<string, string>;
  projectId: string;
  /** The app that normal load sends to. */
  appId: string;
  backendKeys: string[];
  tailKey: string;
  demoKeys: Pick<Target, 'clientKey' | 'readKey' | 'serverKey'>;
};

const BACKENDS = 4;
/** Half of the full speed of a large machine, so that normal load meets no limit of its own. */
const BACKEND_LIMITS = {
  events: { requests: { rate: 10_000, burst: 10_000 }, events: { rate: 1_000_000, burst: 1_000_000 } },
};

const run = async (args: string[], env: Record<string, string>): Promise<string> => {
  const { code, stdout, stderr } = await runCli(args, env);
  assert.equal(code, 0, stderr);
  return stdout;
};

/** Creates the demo, some 200,000 events, and the keys. */
export async function createInstallation(dataDir: string): Promise<Installation> {
  const env = { APPFLOW_DATA_DIR: dataDir };
  const text = await run(['demo', '--no-serve'], env);
  const find = (pattern: RegExp) => pattern.exec(text)?.[1] ?? assert.fail(text);
  const createKey = async (name: string, ...args: string[]): Promise<string> =>
    JSON.parse(await run(['keys', 'create', '--name', name, '--json', ...args], env)).key;
  const limits = ['--rate-limits', JSON.stringify(BACKEND_LIMITS)];
  const backendKeys: string[] = [];
  for (let index = 1; index <= BACKENDS; index += 1) {
    backendKeys.push(await createKey(`Backend ${index}`, '--type', 'server', ...limits));
  }
  return {
    env,
    projectId: find(/project {2}(proj_\w+)/),
    appId: find(/(app_\w+) {2}iOS/),
    backendKeys,
    tailKey: await createKey('Live wall', '--type', 'server', '--scopes', 'events:read'),
    demoKeys: {
      serverKey: find(/server key +(\S+)/),
      clientKey: find(/client key +(\S+)/),
      readKey: find(/read-only key +(\S+)/),
    },
  };
}

/** Creates the owner, whose session the dashboard uses, and a member whose password the attacker knows. */
export async function createPeople(
  url: string,
  setupUrl: string,
  projectId: string,
): Promise<{ cookie: string; person: Target['person'] }> {
  const owner = openBrowser(url);
  const body = { token: tokenOf(setupUrl), name: 'Owner', email: 'owner@example.com', password: PASSWORD };
  assert.equal((await owner.call('POST', '/app/v1/setup', { body })).status, 201);
  await stepUp(owner);
  await enableTotp(await join(owner, projectId, 'analyst', 'Victim'), Date.now());
  return { cookie: owner.cookie(), person: { email: 'victim@example.com', password: PASSWORD } };
}
