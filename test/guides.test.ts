import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { startTestServer } from './harness.ts';

const { url, project } = await startTestServer();
const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..');

/** Commands of a guide that carry the status they must get: ```sh status=201. */
const SNIPPET = /^ *```sh status=(\d{3})\n([\s\S]*?)^ *```$/gm;

/** What a reader would copy from the answer before: the id, and the secret shown once. */
function remember(env: Record<string, string>, answer: string): void {
  const body = JSON.parse(answer);
  if (typeof body.key !== 'string') return;
  env.NEW_KEY = body.key;
  env.KEY_ID = body.id;
}

/** Runs a snippet as it stands, with a curl that also tells the status. */
async function runSnippet(text: string, env: Record<string, string>) {
  const commands = text.replaceAll('http://127.0.0.1:8080', url);
  const wrapper = `curl() { command curl -sS -w '\\n%{http_code}' "$@"; }\n`;
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', wrapper + commands], {
    env: { ...process.env, ...env },
  });
  const end = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
}

for (const guide of ['README.md', ...globSync('docs/guides/*.md', { cwd: ROOT })]) {
  const snippets = [...readFileSync(join(ROOT, guide), 'utf8').matchAll(SNIPPET)];
  if (snippets.length === 0) continue;
  describe(`the commands of ${guide}`, () => {
    const env: Record<string, string> = {
      APPFLOW: url,
      SERVER_KEY: project.server_key,
      CLIENT_KEY: project.client_key,
      READ_KEY: project.read_only_key,
      APP_ID: project.app_id,
    };
    for (const [, status = '', commands = ''] of snippets) {
      it(`get ${status}: ${commands.trim().split('\n')[0]}`, async () => {
        const answer = await runSnippet(commands, env);
        assert.equal(answer.status, Number(status), answer.body);
        remember(env, answer.body);
      });
    }
  });
}
