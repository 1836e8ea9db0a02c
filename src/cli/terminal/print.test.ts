import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import fc from 'fast-check';
import { escapeText, escapeValue } from '../../lib/text/visible-text.ts';

const CLI = join(import.meta.dirname, '..');

it('leaves no character that a terminal obeys, except the line breaks of a text', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 });
  fc.assert(
    fc.property(text, (value) => {
      assert.doesNotMatch(escapeValue(value), /[\p{Cc}\p{Cf}\u2028\u2029]/u);
      assert.doesNotMatch(escapeText(value).replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028\u2029]/u);
    }),
  );
  assert.equal(escapeText('a\n\u001b[2J\u009b\u007f\u202e'), 'a\n\\u001b[2J\\u009b\\u007f\\u202e');
  assert.equal(escapeValue('Straße 東京 👍 a\nb'), 'Straße 東京 👍 a\\u000ab');
});

it('keeps JSON the same value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (value) => {
      assert.equal(JSON.parse(escapeText(JSON.stringify(value))), value);
    }),
  );
  assert.equal(JSON.parse(escapeText(JSON.stringify('\u{e0041}'))), '\u{e0041}');
});

it('is the only way in which a command writes to a terminal', () => {
  const files = readdirSync(CLI, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && file !== 'terminal/print.ts' && !file.endsWith('.test.ts'),
  );
  const direct = files.filter((file) =>
    /process\.std(?:out|err)\.write|console\.(?!error\(`Out of date)/.test(
      readFileSync(join(CLI, file), 'utf8'),
    ),
  );
  assert.ok(files.length > 40);
  assert.deepEqual(direct, []);
});
