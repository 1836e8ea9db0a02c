import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openBrowser, PASSWORD, tokenOf } from '../support/browser.ts';
import { runCli } from '../support/child-processes.ts';
import { initProject, makeKey, startTestServer } from '../support/harness.ts';

/** Sets a window title, clears the screen, turns text around and looks like a line of its own. */
const ODD =
  'A\u0001\u001b]0;title\u0007\u001b[2J\u009b31m\u007f\u202e\u2066\u{e0041}\r\nkey_fake  server  active';
const SHOWN =
  'A\\u0001\\u001b]0;title\\u0007\\u001b[2J\\u009b31m\\u007f\\u202e\\u2066\\udb40\\udc41\\u000d\\u000akey_fake  server  active';

describe('a name with control characters', async () => {
  const api = await startTestServer();
  const { server_key: key, project_id } = api.project;
  const env = { APPFLOW_DATA_DIR: api.config.dataDir, APPFLOW_API_KEY: key };
  const rename = (path: string) => api.call('PATCH', path, { key, body: { name: ODD } });

  /** Runs a command and returns all it printed. Nothing in it may be obeyed by a terminal. */
  const run = async (args: string[], input = '') => {
    const { stdout, stderr } = await runCli(args, env, input);
    const text = stdout + stderr;
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028\u2029]/u, args.join(' '));
    assert.doesNotMatch(text, /^\s*key_fake/m, args.join(' '));
    return text;
  };
  const countShown = (text: string) => text.split(SHOWN).length - 1;

  it('is escaped when a command prints a key, and is the same name in JSON', async () => {
    const { id } = await makeKey(api, { type: 'server', name: ODD });
    assert.equal(countShown(await run(['keys', 'list'])), 1);
    const { data } = JSON.parse(await run(['keys', 'list', '--json']));
    assert.deepEqual([data[0].id, data[0].name], [id, ODD]);
    assert.equal(countShown(await run(['keys', 'rotate', id])), 1);
    assert.equal(countShown(await run(['keys', 'revoke', id, '--yes'])), 1);
  });

  it('is escaped when a command prints a person, a project or an app', async () => {
    assert.equal((await rename('/v1/project')).status, 200);
    assert.equal((await rename(`/v1/apps/${api.project.app_id}`)).status, 200);
    const token = tokenOf(api.server.setupUrl);
    const body = { token, name: ODD, email: 'owner@example.com', password: PASSWORD };
    assert.equal((await openBrowser(api.url).call('POST', '/app/v1/setup', { body })).status, 201);
    assert.equal(countShown(await run(['members', 'list'])), 2);
    assert.equal(countShown(await run(['keys', 'create', '--type', 'client', '--name', 'x'])), 1);
    await initProject(api.config);
    assert.equal(countShown(await run(['keys', 'list'])), 1, 'the error lists the projects');
  });

  it('is escaped in the audit log, by doctor, and in what an import reports', async () => {
    await run(['audit', '--project', project_id]);
    const { data } = JSON.parse(await run(['audit', '--project', project_id, '--json']));
    assert.ok(data.length > 0);
    await run(['doctor']);
    const lines = '{"event_name":"\u009b31m"}\nnot json \u001b[2J\u202e\n';
    assert.match(await run(['import', '--url', api.url], lines), /Rejected 2 lines/);
  });
});
