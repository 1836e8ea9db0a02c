import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digitsOf } from '../../lib/exact-json.ts';
import { type Row, readRows } from './rows.ts';

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

test('says where CSV is not valid, whose quotes must not fill memory', async () => {
  await assert.rejects(readAll('a,b\n1,2\n"3"x,4\n', 1_000), /^Error: The CSV is not valid\. .* at line 3 /);
  await assert.rejects(readAll(`a\n1\n"${'x'.repeat(1_100_000)}`, 65_536), /not valid\. .*1048576 at line/);
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
