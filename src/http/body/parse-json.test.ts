import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ApiError } from '../../api/errors.ts';
import { BODY_VALUES_MAX, DEPTH_MAX, ITEM_VALUES_MAX, LIST_ITEMS_MAX } from './outline.ts';
import { parseJson, parseLarge, WHOLE_PARSE_BYTES_MAX } from './parse-json.ts';

const now = <T>(task: () => T): T => task();
const parse = (text: string) => parseJson(Buffer.from(text), now);
/** As a large body is parsed, however small this one is. */
const parseInParts = (text: string) => parseLarge(Buffer.from(text), now, { wholeValuesMax: 0 });

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const refuses = (text: string, code: string, message: RegExp) =>
  assert.rejects(parse(text), (error) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });

describe('a large body', () => {
  it('becomes the same value as JSON.parse returns, whatever it holds', async () => {
    const objects = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue());
    const spaces = fc.constantFrom(undefined, 1, '\t');
    await fc.assert(
      fc.asyncProperty(objects, fc.array(fc.jsonValue()), spaces, async (object, events, space) => {
        const text = JSON.stringify({ ...object, events }, null, space);
        assert.deepEqual(await parseInParts(text), JSON.parse(text));
      }),
    );
  });

  it('is malformed exactly when JSON.parse says so, after any change of one character', async () => {
    const object =
      '{"a":[1,{"b":"]\\\\"}],"events":[ {"c":[2]} , [] ,"x\\"," ],"n":null,"d":{"e":[3]},"f":[ ]}';
    for (const text of [object, ' [{"a":[1]}, [2,[]] ,"]" , [ ],{}] ']) await checkChangesOf(text);
  });

  async function checkChangesOf(text: string): Promise<void> {
    for (let at = 0; at < text.length; at += 1) {
      for (const character of ['', '[', ']', '{', '}', ',', '"', '\\', ':', '1']) {
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        const parsed = await parseInParts(changed).catch((error: unknown) => error);
        if (isJson(changed)) assert.deepEqual(parsed, JSON.parse(changed), changed);
        else assert.ok(parsed instanceof ApiError && parsed.code === 'malformed_json', changed);
      }
    }
  }

  it('keeps a member called __proto__ a member', async () => {
    const text = '{"__proto__":[1],"events":[]}';
    const value = await parseInParts(text);
    assert.deepEqual(value, JSON.parse(text));
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
  });

  it('may be a list, or no object at all', async () => {
    for (const text of ['[[1],{"a":[1]},[2,[3]]]', '"text"', '1', 'null', '[]', ' {} ']) {
      assert.deepEqual(await parseInParts(text), JSON.parse(text));
    }
  });

  it('is read across the borders of the parts that are scanned at a time, in a text and behind an escape', async () => {
    for (const shift of [0, 1, 2, 3]) {
      const text = `{"events":["${'a'.repeat(shift)}${'\\"'.repeat(800_000)}"],"b":[2]}`;
      assert.equal(JSON.stringify(await parseInParts(text)), text);
    }
  });
});

describe('the bounds of a large body', () => {
  const list = (items: number, item: string) => `[${Array.from({ length: items }, () => item).join(',')}]`;
  const blank = ' '.repeat(WHOLE_PARSE_BYTES_MAX);

  it('accept as many elements of a list as events in a batch, and no more', async () => {
    const value = (await parse(`{${blank}"events":${list(LIST_ITEMS_MAX, '{}')}}`)) as { events: unknown[] };
    assert.equal(value.events.length, LIST_ITEMS_MAX);
    const tooMany = list(LIST_ITEMS_MAX + 1, '{}');
    await refuses(`{${blank}"events":${tooMany}}`, 'payload_too_large', /more than 1000 elements/);
    await refuses(`{${blank}"events":[],"more":${tooMany}}`, 'payload_too_large', /more than 1000 elements/);
  });

  it('accept as many elements of a list as they are given, and no more', async () => {
    const parseUpTo = (listItemsMax: number, items: number) =>
      parseJson(Buffer.from(`{${blank}"batch":${list(items, '{}')}}`), now, { listItemsMax });
    assert.ok(await parseUpTo(2_000, 2_000));
    await assert.rejects(parseUpTo(2_000, 2_001), /more than 2000 elements/);
  });

  it('accept as many values in an element as an event of 32 KB cannot have, and no more', async () => {
    // The element's brackets and the commas between its values.
    const element = list(ITEM_VALUES_MAX - 1, '1');
    assert.ok(await parse(`{${blank}"events":[1,${element},${element}]}`));
    const larger = list(ITEM_VALUES_MAX, '1');
    await refuses(`{${blank}"events":[1,${larger}]}`, 'payload_too_large', /Element 1 of a list/);
    await refuses(`{${blank}"more":{"a":${larger}}}`, 'payload_too_large', /outside of its lists/);
  });

  it('accept the largest batch: 1,000 events with 200 properties each, nested five deep', async () => {
    const properties = Array.from({ length: 200 }, (_, index) => `"k${index}":[[[[${index}]]]]`).join(',');
    const event = `{"event_id":"e","event_name":"n","app_user_id":"u","properties":{${properties}}}`;
    const text = `{"sent_at":1,"events":${list(1_000, event)}}`;
    assert.ok(text.length <= 5 * 1024 * 1024);
    assert.equal(JSON.stringify(await parse(text)), text);
  });

  it('refuse more values in all than such a batch has', async () => {
    const event = list(BODY_VALUES_MAX / 100, '{}');
    await refuses(`{"events":${list(60, event)}}`, 'payload_too_large', /more than 1048576 values/);
  });

  it('refuse millions of nested brackets', async () => {
    const deep = `${'['.repeat(2_000_000)}${']'.repeat(2_000_000)}`;
    await refuses(`{"events":[${deep}]}`, 'payload_too_large', /deeper than 64 levels/);
    await refuses(deep, 'payload_too_large', /deeper than 64 levels/);
  });

  it('accept as many levels as no event needs, and no more', async () => {
    const nest = (levels: number) =>
      `{${blank}"events":[${'['.repeat(levels - 2)}${']'.repeat(levels - 2)}]}`;
    assert.ok(await parse(nest(DEPTH_MAX)));
    await refuses(nest(DEPTH_MAX + 1), 'payload_too_large', /deeper than 64 levels/);
  });
});

describe('a large body that is read leniently', () => {
  const blank = ' '.repeat(WHOLE_PARSE_BYTES_MAX);
  const parseLeniently = (bytes: Buffer | string) => parseJson(Buffer.from(bytes), now, { isLenient: true });
  const nest = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const fill = (values: number) => `[${Array.from({ length: values }, () => '1').join(',')}]`;

  it('has null in place of an element that is nested too deeply, in an object or list', async () => {
    for (const [start, end, depth] of [
      ['{"batch":', '}', DEPTH_MAX - 2],
      ['', '', DEPTH_MAX - 1],
    ] as const) {
      const read = async (element: string) =>
        Object.values(
          (await parseLeniently(`${start}[1,${element},{"a":"]"}]${blank}${end}`)) as object,
        ).flat();
      const text = nest(depth);
      assert.deepEqual((await read(`{"a":${text}}`)).at(1), null);
      assert.equal(
        JSON.stringify((await read(`{"a":${text.slice(1, -1)}}`)).at(1)),
        `{"a":${text.slice(1, -1)}}`,
      );
      assert.deepEqual(await read(`${nest(2_000)},"]\\""`), [1, null, ']"', { a: ']' }]);
    }
  });

  it('has null in place of an element with too many values, which count for nothing else', async () => {
    const [largest, larger] = [fill(ITEM_VALUES_MAX - 1), fill(ITEM_VALUES_MAX)];
    // Compared as texts: the difference between two long lists takes minutes to find.
    const read = async (text: string) => JSON.stringify(await parseLeniently(text));
    const mixed = await read(`{"batch":[1,${larger},${largest},1,${larger}],"more":[1,${larger}]}`);
    assert.ok(mixed === `{"batch":[1,null,${largest},1,null],"more":[1,null]}`, mixed.slice(0, 100));
    const many = Array.from({ length: (2 * BODY_VALUES_MAX) / ITEM_VALUES_MAX }, () => larger);
    assert.equal(
      await read(`{"batch":[1,${many.join(',')},1]}`),
      `{"batch":[1,${many.map(() => 'null').join()},1]}`,
    );
    const full = Array.from({ length: BODY_VALUES_MAX / ITEM_VALUES_MAX + 1 }, () => largest);
    await assert.rejects(parseLeniently(`{"batch":[${full.join(',')}]}`), /more than 1048576 values/);
  });

  it('is refused if it is beyond a bound outside of its lists', async () => {
    await assert.rejects(parseLeniently(`{"a":{"b":${nest(DEPTH_MAX)}}${blank}}`), /deeper than 64 levels/);
    await assert.rejects(parseLeniently(`{"a":{"b":${fill(ITEM_VALUES_MAX)}}}`), /outside of its lists/);
    await assert.rejects(parseLeniently(`{"a":[${nest(DEPTH_MAX)}${blank}`), /a list in it does not end/);
  });

  it('has U+FFFD in place of what is not UTF-8, whatever its size; others are refused', async () => {
    for (const padding of ['', blank, ' '.repeat(600_000)]) {
      const bytes = Buffer.concat([
        Buffer.from('{"a":["x'),
        Buffer.from([0xff]),
        Buffer.from(`"]${padding}}`),
      ]);
      assert.deepEqual(await parseLeniently(bytes), { a: ['x\ufffd'] });
      await assert.rejects(parseJson(bytes, now), /not valid UTF-8/);
    }
  });
});
