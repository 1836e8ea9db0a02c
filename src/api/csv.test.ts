import assert from 'node:assert/strict';
import { it } from 'node:test';
import { csvLine } from './csv.ts';

it('quotes cells that would break a line, and doubles quotes', () => {
  assert.equal(csvLine(['a', 'b,c', 'say "hi"', 'x\ny', null, '']), 'a,"b,c","say ""hi""","x\ny",,\r\n');
});

it('never lets a cell start like a formula', () => {
  for (const start of ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
    const line = csvLine([`${start}cmd|x`]);
    assert.match(line, /^"?'/, JSON.stringify(line));
  }
  assert.equal(csvLine(['=1', 'a=1']), "'=1,a=1\r\n");
});

it('keeps numbers as they are, even negative ones, but not text that only starts like one', () => {
  assert.equal(csvLine(['-9.99', '-5', '0', '9.99']), '-9.99,-5,0,9.99\r\n');
  for (const text of ['-9.99+cmd', '-1-1', '-.5', '-1.', '--1', '-', '-1e5', '-1\n', '+1']) {
    assert.match(csvLine([text]), /^"?'/, text);
  }
});

it('disarms a formula after a separator that spreadsheets may split at instead of commas', () => {
  const cases: [text: string, cell: string][] = [
    ['u;=1+1;', "u;'=1+1;"],
    ['u;\u200b=1', "u;'\u200b=1"],
    ['u; =1', "u;' =1"],
    ['u;"=1"', '"u;\'""=1"""'],
    ['u\t=1+1', "u\t'=1+1"],
    ['u\n@SUM(A1)', '"u\n\'@SUM(A1)"'],
    ['u;-1+2', "u;'-1+2"],
    ['u;-5.5;x', 'u;-5.5;x'],
    ['u;-5', 'u;-5'],
    ['a;b=1;c', 'a;b=1;c'],
    [';;=1', ";;'=1"],
  ];
  for (const [text, cell] of cases) assert.equal(csvLine([text]), `${cell}\r\n`, JSON.stringify(text));
});

it('disarms a formula after characters that spreadsheets drop', () => {
  for (const start of ['\0', '\t', ' ', '\u200b', '\ufeff', '\0\0', '\u001f'])
    assert.match(csvLine([`${start}=1+1`]), /^"?'/, JSON.stringify(start));
  assert.equal(csvLine(['a\0=1', ' a=1']), 'a\0=1, a=1\r\n');
});

it('takes time in proportion to the length of a cell', () => {
  // With an inner scan to the end of the cell, this would be 5,000,000,000 steps.
  for (const text of [';'.repeat(100_000), '\n'.repeat(100_000), '; '.repeat(50_000), ';"'.repeat(50_000)])
    assert.ok(csvLine([text]).length >= text.length);
});
