import assert from 'node:assert/strict';
import { it } from 'node:test';
import { csvLine } from './csv.ts';

it('quotes what would break a line, and doubles quotes', () => {
  assert.equal(csvLine(['a', 'b,c', 'say "hi"', 'x\ny', null, '']), 'a,"b,c","say ""hi""","x\ny",,\r\n');
});

it('never lets a cell begin like a formula', () => {
  for (const start of ['=', '+', '-', '@', '\t', '\r']) {
    const line = csvLine([`${start}cmd|x`]);
    assert.match(line, /^"?'/, JSON.stringify(line));
  }
  assert.equal(csvLine(['=1', 'a=1']), "'=1,a=1\r\n");
});
