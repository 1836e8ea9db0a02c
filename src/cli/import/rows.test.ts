import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digitsOf } from '../../lib/exact-json.ts';
import type { Row } from './row.ts';
import { readRows } from './rows.ts';

/** Returns the rows of a text that arrives in chunks of `size` bytes. */
async function readAll(text: string, size = 7): Promise<Row[]> {
  const bytes = Buffer.from(text);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const rows: Row[] = [];
  for await (const row of readRows(chunks())) rows.push(row);
  return rows;
}

test('reads JSON lines and CSV, with or without a byte order mark, however the bytes arrive', async () => {
  const row = (line: number, a: unknown) => ({ line, doneLine: line, value: { a } });
  for (const mark of ['', '\u{feff}', ' \n'].map((one) => one))
    for (const size of [1, 3, 1_000]) {
      const lead = mark === ' \n' ? 1 : 0;
      const json = await readAll(`${mark}{"a":1}\n\n{"a":"x"}`, size);
      assert.deepEqual(json, [row(1 + lead, 1), row(3 + lead, 'x')]);
    }
  for (const mark of ['', '\u{feff}'])
    for (const size of [1, 3, 1_000])
      assert.deepEqual(await readAll(`${mark}a\r\n1\r\n"x"\r\n`, size), [row(2, '1'), row(3, 'x')]);
  assert.deepEqual(await readAll(''), []);
});

test('gives a record of CSV the line where it begins, and names its last line as done', async () => {
  assert.deepEqual(await readAll('a,b\n"1\n2",x\n3,"y ""z"""\n'), [
    { line: 2, doneLine: 3, value: { a: '1\n2', b: 'x' } },
    { line: 4, doneLine: 4, value: { a: '3', b: 'y "z"' } },
  ]);
});

test('takes lists of rows, and answers of APIs with one, and is done with their line after the last row', async () => {
  for (const list of ['[1,2]', '{"results":[1,2],"next":null}', '{"meta":{},"data":[1,2]}'])
    assert.deepEqual(await readAll(`${list}\n3`), [
      { line: 1, doneLine: 0, value: 1 },
      { line: 1, doneLine: 1, value: 2 },
      { line: 2, doneLine: 2, value: 3 },
    ]);
});

test('keeps the digits of long numbers', async () => {
  const [row] = await readAll('{"id":12345678901234567890}');
  assert.ok(row && 'value' in row);
  assert.equal(digitsOf(row.value as object, 'id'), '12345678901234567890');
});

test('names the line of JSON that cannot be read, and reads the next one', async () => {
  const [broken, next] = await readAll('{"a":\n{"a":1}');
  assert.ok(broken && 'mistake' in broken);
  assert.equal(broken.line, 1);
  assert.deepEqual(next, { line: 2, doneLine: 2, value: { a: 1 } });
});

test('says what to do with files that have no lines', async () => {
  await assert.rejects(readAll('PK\u0003\u0004…'), /zip archive\. Unzip it/);
  await assert.rejects(readAll('PAR1…'), /Parquet/);
});

test('rejects a record with a quote in the wrong place, and reads the next one', async () => {
  const rows = await readAll('a,b\n1,2\nx"3",4\n"5","6"\n');
  const [one, broken, next] = rows;
  assert.deepEqual(
    [one, next],
    [
      { line: 2, doneLine: 2, value: { a: '1', b: '2' } },
      { line: 4, doneLine: 4, value: { a: '5', b: '6' } },
    ],
  );
  assert.ok(broken && 'mistake' in broken);
  assert.deepEqual([broken.line, broken.code, rows.length], [3, 'invalid_csv', 3]);
});

test('reads on after the quote of a record that is closed too early', async () => {
  const rows = await readAll('a,b\n"1"x,"2"\n"3","4"\n"5","6"\n');
  assert.deepEqual(rows.at(-1), { line: 4, doneLine: 4, value: { a: '5', b: '6' } });
  assert.ok(rows[0] && 'mistake' in rows[0]);
});

test('rejects a record that is too long, and one that is never closed', async () => {
  const longest = 'x'.repeat(1024 * 1024);
  const rows = await readAll(`a\n"${longest}"\n"${longest}x"\n2\n"3\n`, 65_536);
  assert.deepEqual(
    rows.map((row) => [row.line, 'mistake' in row ? row.mistake : 'read']),
    [
      [2, 'read'],
      [3, 'The record is longer than 1 MiB.'],
      [4, 'read'],
      [5, 'A quote is never closed, so the rest of the file was not read.'],
    ],
  );
});

test('ends at a quote whose record would fill memory, and names its line', async () => {
  const open = `a\n1\n"${'x\n'.repeat(8.5 * 1024 * 1024)}`;
  await assert.rejects(readAll(open, 65_536), /The record in line 3 is longer than 16 MiB/);
});

test('takes an unquoted \\N in CSV as no value, and keeps a quoted one', async () => {
  assert.deepEqual(await readAll('a,b\n\\N,"\\N"\n'), [
    { line: 2, doneLine: 2, value: { a: undefined, b: '\\N' } },
  ]);
});

test('counts lines as an editor does, with Windows line breaks within quotes too', async () => {
  const rows = await readAll('a,b\r\n"1\r\n2",x\r\n\r\n"3\r\n4",x\r\n5,x\r\n');
  assert.deepEqual(
    rows.map(({ line }) => line),
    [2, 5, 7],
  );
});

test('ends with the error of the source, after the rows before it', async () => {
  async function* failing() {
    yield Buffer.from('a\n1\n2\n');
    throw new Error('damaged');
  }
  const rows: Row[] = [];
  await assert.rejects(async () => {
    for await (const row of readRows(failing())) rows.push(row);
  }, /damaged/);
  assert.ok(rows.length <= 2);
});
