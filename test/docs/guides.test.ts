import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { setUp } from '../support/browser.ts';
import { makeTempDir, startTestServer } from '../support/harness.ts';

const { url, project, config, server } = await startTestServer();
await setUp(url, server.setupUrl);
const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

/**
 * Matches the commands of a guide. ```sh status=201 gives the expected HTTP status, ```sh exit=0 the expected exit
 * code; a ```json block that follows is the expected response.
 */
const SNIPPET = /^ *```sh(?: (status|exit)=(\d+))?\n([\s\S]*?)^ *```$(?:\n\n```json\n([\s\S]*?)^```$)?/gm;
/** A guide must not contain an unchecked command that calls Appflow. */
const CALLS_US = /\b(curl|appflow)\b/;

const history = join(makeTempDir(), 'events.ndjson');
writeFileSync(history, '{"event_id":"h1","event_name":"app_open","app_user_id":"user_1"}\n');

/** The exports that a reader of docs/guides/migrating.md would have, from the fixtures of other products. */
const exportsFolder = makeTempDir();
function gzipFixture(fixture: string, name: string): string {
  const file = join(exportsFolder, name);
  writeFileSync(file, gzipSync(readFileSync(join(ROOT, 'test/fixtures/exports', fixture))));
  return file;
}

/** Replacements for values that a reader would fill in. */
const VALUES = {
  'http://127.0.0.1:8080': url,
  'proj_…': project.project_id,
  'app_…': project.app_id,
  'sk_…': project.server_key,
  'events.ndjson.gz': history,
  'segment.jsonl.gz': gzipFixture('segment.jsonl', 'segment.jsonl.gz'),
  'posthog.csv.gz': gzipFixture('posthog.csv', 'posthog.csv.gz'),
  'amplitude.jsonl.gz': gzipFixture('amplitude.jsonl', 'amplitude.jsonl.gz'),
  'mixpanel.jsonl.gz': gzipFixture('mixpanel.jsonl', 'mixpanel.jsonl.gz'),
  'openpanel-1.jsonl.gz': gzipFixture('openpanel.jsonl', 'openpanel-1.jsonl.gz'),
  'umami.csv.gz': gzipFixture('umami.csv', 'umami.csv.gz'),
};

/**
 * Sets the variables that a reader would copy from the last response: the id, and the secret that is shown only once.
 */
function remember(env: Record<string, string>, answer: string): void {
  const body = JSON.parse(answer);
  if (typeof body.key !== 'string') return;
  env.NEW_KEY = body.key;
  env.KEY_ID = body.id;
}

/** Runs a snippet as written, with a curl that also prints the status. */
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

/** Returns the pattern of an expected response: … matches anything, and a date matches any date. */
function patternOf(shown: string): RegExp {
  const text = shown.replaceAll(/\n\s*/g, '').replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`^${text.replaceAll('…', '.*').replaceAll(/\d{4}-\d\d-\d\d/g, '[\\d-]{10}')}$`);
}

/** Its commands are for situations that disasters.test.ts makes. */
const exclude = ['docs/guides/disasters.md'];

for (const guide of ['README.md', ...globSync('docs/guides/*.md', { cwd: ROOT, exclude }).sort()]) {
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
      BACKUPS: makeTempDir(),
      RESTORED: join(makeTempDir(), 'restored'),
    };
    for (const [, kind, expected = '', commands = '', shown] of snippets) {
      const [first] = commands.trim().split('\n');
      if (kind === undefined) {
        it(`contains no unchecked call to Appflow in ${guide}: ${first}`, () =>
          assert.doesNotMatch(commands, CALLS_US));
        continue;
      }
      if (kind === 'exit') {
        it(`exits with ${expected} as shown in ${guide}: ${first}`, async () => {
          const { code = 0, stderr } = await runSnippet(commands, env).catch((error) => error);
          assert.equal(code, Number(expected), stderr);
        });
        continue;
      }
      it(`returns ${expected}${shown ? ' and the response shown' : ''} in ${guide}: ${first}`, async () => {
        const answer = splitAnswer(await runSnippet(commands, env));
        assert.equal(answer.status, Number(expected), answer.body);
        if (shown !== undefined) assert.match(answer.body, patternOf(shown));
        remember(env, answer.body);
      });
    }
  });
}
