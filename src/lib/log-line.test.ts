import assert from 'node:assert/strict';
import { it } from 'node:test';
import { openLog } from './log.ts';

function record(isTerminal: boolean) {
  const lines: string[] = [];
  const redact = (line: string) => line.replaceAll('sk_secret', 'sk_…');
  const log = openLog('info', redact, { write: (line) => lines.push(line) }, isTerminal);
  return { log, lines };
}

it('writes JSON lines unless it writes to a terminal', () => {
  const { log, lines } = record(false);
  log.warn({ url: 'http://127.0.0.1' }, 'key sk_secret');
  const { level, msg, url } = JSON.parse(lines.join(''));
  assert.deepEqual([level, msg, url], [40, 'key sk_…', 'http://127.0.0.1']);
});

it('writes a readable line to a terminal, without secrets', () => {
  const { log, lines } = record(true);
  log.info({ url: 'http://127.0.0.1', open: 3 }, 'listening for sk_secret');
  assert.match(
    lines.join(''),
    /^\d\d:\d\d:\d\d info: listening for sk_… \(url=http:\/\/127\.0\.0\.1, open=3\)\n$/,
  );
});

it('writes the stack of an error below its line', () => {
  const { log, lines } = record(true);
  log.error({ err: new Error('broken') }, 'it failed');
  assert.match(lines.join(''), /^[\d:]{8} error: it failed\n {2}Error: broken\n {6}at [\s\S]*\n$/);
});

it('leaves no character that a terminal obeys', () => {
  const { log, lines } = record(true);
  log.warn({ name: 'a\u001b[2J\nb', list: ['\u202e'], err: new Error('c\u009b') }, 'd\u001b]0;\u0007\ne');
  assert.doesNotMatch(lines.join('').replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028\u2029]/u);
  assert.match(lines[0] ?? '', /d\\u001b\]0;\\u0007\\u000ae \(name=a\\u001b/);
});
