import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIdDeriver, createLineParser } from './event-line.ts';

/** Returns the JSON text of each line, or the code of a rejected line. */
function parseAll(...texts: string[]): string[] {
  const parse = createLineParser();
  return texts.map((text, index) => {
    const parsed = parse({ number: index + 1, text });
    return 'json' in parsed ? parsed.json : parsed.rejected.code;
  });
}

const idsOf = (...texts: string[]) => parseAll(...texts).map((json) => JSON.parse(json).event_id as string);

test('sends a line that has an id unchanged, so that long numbers keep every digit', () => {
  const line = '{"event_id":"e1", "properties":{"revenue":12345678901234567.123456}}';
  assert.deepEqual(parseAll(line), [line]);
});

test('derives a missing id from the line alone', () => {
  const [id] = idsOf('{"event_name":"a"}');
  assert.match(id ?? '', /^imp_[0-9a-f]{32}$/);
  assert.deepEqual(idsOf('{"event_name":"b"}', '{"event_name":"a"}')[1], id);
});

test('treats two equal lines as two events, with the same two ids every time', () => {
  const twice = idsOf('{"event_name":"a"}', '{"event_name":"a"}');
  assert.equal(new Set(twice).size, 2);
  assert.deepEqual(
    idsOf('{"event_name":"a"}', '{"event_name":"b"}', '{"event_name":"a"}').toSpliced(1, 1),
    twice,
  );
});

test('a derived id replaces null and fits into any object', () => {
  for (const text of ['{"event_id":null}', '{}', '{ }', '{"properties":{}}', '{"a":"}"}']) {
    assert.match(idsOf(text)[0] ?? '', /^imp_/, text);
  }
});

test('leaves it to the server to reject JSON that is not an event', () => {
  assert.deepEqual(parseAll('42', '[]', 'null', '"text"'), ['42', '[]', 'null', '"text"']);
});

test('rejects what is not JSON as invalid_json, with its line', () => {
  const parse = createLineParser();
  for (const text of ['{"a":1', 'hello', "{'a':1}", '{}{}']) {
    const parsed = parse({ number: 7, text });
    assert.ok('rejected' in parsed, text);
    assert.equal(parsed.rejected.line, 7);
    assert.equal(parsed.rejected.code, 'invalid_json');
  }
});

test('remembers a bounded number of lines, within which two equal ones are two events', () => {
  const deriveId = createIdDeriver(2);
  const [first, second] = [deriveId('a'), deriveId('a')];
  assert.equal(second, `${first}_1`);
  for (const other of ['b', 'c', 'd', 'e']) deriveId(other);
  assert.equal(deriveId('a'), first, 'forgotten');
});
