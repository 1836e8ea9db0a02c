import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLedger } from './ledger.ts';
import { NO_TOTALS, type Totals } from './totals.ts';

const broken = (line: number) => ({ line, code: 'invalid_json', message: `Line ${line}.` });
const rejection = (index: number) => ({ index, code: 'invalid_event_name', field: '', message: 'Name it.' });
const linesOf = ({ rejectedLines }: Totals) => rejectedLines.map(({ line }) => line);

test('totals end with the line of the last settled event and include the rejected lines before it', () => {
  const ledger = openLedger(NO_TOTALS);
  ledger.markSent(1);
  ledger.reject(broken(3));
  ledger.markSent(4);
  ledger.markSent(6);
  ledger.reject(broken(7));
  ledger.markSent(8);
  const first = ledger.settle({
    events: 2,
    accepted: 1,
    duplicates: 0,
    rejected: 1,
    rejections: [rejection(1)],
  });
  assert.deepEqual([first.line, first.accepted, linesOf(first)], [4, 1, [3, 4]]);
  assert.deepEqual(first.rejectedByCode, { invalid_json: 1, invalid_event_name: 1 });
  const second = ledger.settle({
    events: 4,
    accepted: 2,
    duplicates: 0,
    rejected: 2,
    rejections: [rejection(3)],
  });
  assert.deepEqual([second.line, second.accepted, linesOf(second)], [8, 2, [3, 4, 7, 8]]);
});

test('rejected lines after the last event count once all lines before them are settled', () => {
  const ledger = openLedger(NO_TOTALS);
  ledger.markSent(1);
  ledger.markSent(2);
  ledger.reject(broken(9));
  const none = { accepted: 0, duplicates: 0, rejected: 0, rejections: [] };
  assert.equal(ledger.settle({ ...none, events: 1, accepted: 1 }).line, 1);
  const done = ledger.settle({ ...none, events: 2, accepted: 2 });
  assert.deepEqual([done.line, linesOf(done)], [9, [9]]);
  assert.deepEqual(ledger.settle({ ...none, events: 2, accepted: 2 }), done);
});

test('continues from the totals of an earlier run', () => {
  const start = { ...NO_TOTALS, line: 50, accepted: 40, duplicates: 2, rejectedByCode: { invalid_json: 8 } };
  const ledger = openLedger(start);
  ledger.reject(broken(51));
  ledger.markSent(52);
  const { line, accepted, duplicates, rejectedByCode } = ledger.settle({
    events: 1,
    accepted: 0,
    duplicates: 1,
    rejected: 0,
    rejections: [],
  });
  assert.deepEqual({ line, accepted, duplicates }, { line: 52, accepted: 40, duplicates: 3 });
  assert.deepEqual(rejectedByCode, { invalid_json: 9 });
});

test('keeps the first ten rejected lines and counts all of them', () => {
  const ledger = openLedger(NO_TOTALS);
  for (let line = 1; line <= 5_000; line += 1) ledger.reject(broken(line));
  const totals = ledger.settle({ events: 0, accepted: 0, duplicates: 0, rejected: 0, rejections: [] });
  assert.deepEqual([totals.line, totals.rejectedByCode], [5_000, { invalid_json: 5_000 }]);
  assert.deepEqual(linesOf(totals), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('a line of several events is done with the last of them, and names itself when one is rejected', () => {
  const ledger = openLedger(NO_TOTALS);
  ledger.markSent(1);
  ledger.markSent(2, 1);
  ledger.markSent(2, 1);
  ledger.markSent(2);
  const part = { accepted: 1, duplicates: 0, rejected: 1, rejections: [rejection(1)] };
  const inside = ledger.settle({ ...part, events: 2 });
  assert.deepEqual([inside.line, linesOf(inside)], [1, [2]]);
  const after = ledger.settle({ ...part, events: 4, accepted: 3, rejections: [] });
  assert.deepEqual([after.line, after.accepted], [2, 3]);
});
