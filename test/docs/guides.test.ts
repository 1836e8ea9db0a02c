import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { setUp } from '../support/browser.ts';
import { makeTempDir, startTestServer } from '../support/harness.ts';

const { url, project, config, server } = await startTestServer();
await setUp(url, server.setupUrl);
const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

/**
 * Commands of a guide: ```sh status=201 for the HTTP status that they must get, ```sh exit=0 for the exit code; and the
 * answer, when the guide shows it next.
 */
const SNIPPET = /^ *```sh(?: (status|exit)=(\d+))?\n([\s\S]*?)^ *```$(?:\n\n```json\n([\s\S]*?)^```$)?/gm;
/** Nothing that calls us may stand in a guide without being run. */
const CALLS_US = /\b(curl|appflow)\b/;

const history = join(makeTempDir(), 'events.ndjson');
writeFileSync(history, '{"event_id":"h1","event_name":"app_open","app_user_id":"user_1"}\n');

/** What a reader fills in, in place of what the guides write. */
const VALUES = {
  'http://127.0.0.1:8080': url,
  'proj_…': project.project_id,
  'app_…': project.app_id,
  'sk_…': project.server_key,
  'events.ndjson.gz': history,
};

/** What a reader would copy from the answer before: the id, and the secret shown once. */
function remember(env: Record<string, string>, answer: string): void {
  const body = JSON.parse(answer);
  if (typeof body.key !== 'string') return;
  env.NEW_KEY = body.key;
  env.KEY_ID = body.id;
}

/** Runs a snippet as it stands, with a curl that also tells the status. */
async function runSnippet(text: string, env: Record<string, string>): Promise<string> {
  let commands = text;
  for (const [written, value] of Object.entries(VALUES)) commands = commands.replaceAll(written, value);
  const wrapper = `curl() { command curl -sS -w '\\n%{http_code}' "$@"; }\n`;
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', wrapper + commands], {
    cwd: ROOT,
    env: { ...process.env, ...env },
  });
  return stdout;
}

function splitAnswer(stdout: string): { status: number; body: string } {
  const end = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
}

/** Returns what an answer must match to be the one shown: … stands for anything, and a day for any day. */
function patternOf(shown: string): RegExp {
  const text = shown.replaceAll(/\n\s*/g, '').replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`^${text.replaceAll('…', '.*').replaceAll(/\d{4}-\d\d-\d\d/g, '[\\d-]{10}')}$`);
}

for (const guide of ['README.md', ...globSync('docs/guides/*.md', { cwd: ROOT }).sort()]) {
  const snippets = [...readFileSync(join(ROOT, guide), 'utf8').matchAll(SNIPPET)];
  if (snippets.length === 0) continue;
  describe(`the commands of ${guide}`, () => {
    const env: Record<string, string> = {
      APPFLOW: url,
      APPFLOW_DATA_DIR: config.dataDir,
      PORT: new URL(url).port,
      SERVER_KEY: project.server_key,
      CLIENT_KEY: project.client_key,
      READ_KEY: project.read_only_key,
      APP_ID: project.app_id,
    };
    for (const [, kind, expected = '', commands = '', shown] of snippets) {
      const [first] = commands.trim().split('\n');
      if (kind === undefined) {
        it(`call nothing unseen: ${first}`, () => assert.doesNotMatch(commands, CALLS_US));
        continue;
      }
      if (kind === 'exit') {
        it(`end with ${expected}: ${first}`, async () => {
          const { code = 0, stderr } = await runSnippet(commands, env).catch((error) => error);
          assert.equal(code, Number(expected), stderr);
        });
        continue;
      }
      it(`get ${expected}${shown ? ' and the answer shown' : ''}: ${first}`, async () => {
        const answer = splitAnswer(await runSnippet(commands, env));
        assert.equal(answer.status, Number(expected), answer.body);
        if (shown !== undefined) assert.match(answer.body, patternOf(shown));
        remember(env, answer.body);
      });
    }
  });
}
