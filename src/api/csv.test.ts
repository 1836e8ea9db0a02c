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
