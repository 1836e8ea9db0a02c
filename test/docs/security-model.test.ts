import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

const [, ...parts] = read('docs/security-model.md').split(/\n## OWASP /);
/** The rows of its tables, without their heads. */
const rows = parts.flatMap((part) =>
  part
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1),
);
const cited = rows.map((row) => /`(test\/[^`]+\.test\.ts)`: "(.+)" \|$/.exec(row));

/** How a test is declared in a source file, with its name in any quotes; names may go on with a variable. */
const declares = (source: string, name: string) =>
  [...source.matchAll(/\b(?:it|test|browserTest)\(\s*(['"`])((?:(?!\1)[\s\S])*)\1/g)].some(
    ([, , declared = '']) => declared === name || declared.startsWith(`${name} \${`),
  );

describe('the tables of the security model', () => {
  it('name a test in each row', () => {
    assert.ok(rows.length > 40);
    assert.deepEqual(
      rows.filter((_, at) => cited[at] === null),
      [],
    );
  });

  it('name tests that exist', () => {
    const missing = cited.filter(
      (match) => match !== null && !declares(read(match[1] ?? ''), match[2] ?? ''),
    );
    assert.deepEqual(
      missing.map((match) => match?.[0]),
      [],
    );
  });

  it('cover each risk of the OWASP API Security Top 10', () => {
    const risks = rows.flatMap((row) => /^\| (API\d+) /.exec(row)?.[1] ?? []);
    assert.deepEqual(
      risks,
      Array.from({ length: 10 }, (_, at) => `API${at + 1}`),
    );
  });
});

/** Where the process may connect to: the stores that are configured, and other nodes. The command line is the operator's. */
const CONNECTING = [
  'src/warehouse/engine/',
  'src/limits/redis/',
  'src/control/',
  'src/server/nodes/',
  'src/cli/',
];
const CONNECTS =
  /\bfetch\(|import \{[^}]*\b(?:request|get|connect|createConnection|Socket)\b[^}]*\} from 'node:(?:http|https|http2|net|tls)'/;

it('sends no request to an address that a caller could choose', () => {
  const files = globSync('src/**/*.ts', { cwd: ROOT, exclude: ['**/*.test.ts'] });
  assert.ok(files.length > 300);
  const others = files.filter(
    (file) => !CONNECTING.some((folder) => file.startsWith(folder)) && CONNECTS.test(read(file)),
  );
  assert.deepEqual(others, []);
});
