import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type TSchema, Type } from 'typebox';
import { METADATA } from '../keys/key-json.ts';
import { compileCheck } from './validate.ts';

/** Returns the error message for a body whose field `f` is `value`; undefined if it is valid. */
function messageFor(schema: TSchema, value: unknown): string | undefined {
  const [error] = compileCheck(Type.Object({ f: schema }))({ f: value });
  return error?.message;
}

it('names the bound just beyond each bound, and accepts a value at it', () => {
  const text = Type.String({ minLength: 2, maxLength: 3 });
  const list = Type.Array(Type.String(), { minItems: 1, maxItems: 2 });
  const number = Type.Integer({ minimum: 1, maximum: 200 });
  for (const [schema, beyond, message, within] of [
    [list, [], 'f must hold at least 1 entry.', ['a']],
    [list, ['a', 'b', 'c'], 'f must hold at most 2 entries.', ['a', 'b']],
    [text, 'a', 'f must have at least 2 characters.', 'ab'],
    [text, 'abcd', 'f must have at most 3 characters.', 'abc'],
    [number, 0, 'f must be at least 1.', 1],
    [number, 201, 'f must be at most 200.', 200],
    [Type.Object({}, { minProperties: 1 }), {}, 'f must hold at least 1 field.', { a: 1 }],
    [Type.Object({}, { maxProperties: 1 }), { a: 1, b: 1 }, 'f must hold at most 1 field.', { a: 1 }],
    [Type.String({ pattern: '\\S' }), ' ', 'f must have a character that can be seen.', 'x'],
    [Type.String({ pattern: '^a$' }), 'b', 'f must match ^a$.', 'a'],
  ] as const) {
    assert.equal(messageFor(schema, beyond), message);
    assert.equal(messageFor(schema, within), undefined);
  }
});

it('validates no more elements of a list that is too long than show it, besides all other fields', () => {
  const networks = Type.Array(Type.String({ format: 'cidr' }), { maxItems: 1 });
  const check = compileCheck(
    Type.Object({ f: networks, g: Type.Union([networks, Type.Null()]), name: Type.String() }),
  );
  const tooLong = ['x', 'y', 'z', '10.0.0.0/8'];
  const fields = check({ f: tooLong, g: tooLong }).map(({ field }) => field);
  assert.deepEqual(fields.toSorted(), ['f', 'f.0', 'f.1', 'g', 'g.0', 'g.1', 'name']);
  assert.deepEqual(check({ f: ['10.0.0.0/8'], g: null, name: '' }), []);
});

it('accepts the origins a browser sends, and rejects wildcards', () => {
  const origin = Type.String({ format: 'origin' });
  for (const text of ['https://app.example.com', 'http://localhost:5173', 'https://[::1]:8443']) {
    assert.equal(messageFor(origin, text), undefined, text);
  }
  const wrong = [
    'https://*.example.com',
    'https://*',
    'https://app.example.com/',
    'https://A.example.com',
    '*',
  ];
  for (const text of wrong) {
    assert.match(messageFor(origin, text) ?? '', /without a path or a wildcard; list each origin/, text);
  }
});

it('says what is wrong with a member that may have any name, not that its name is unknown', () => {
  const check = compileCheck(Type.Object({ metadata: METADATA }, { additionalProperties: false }));
  for (const name of ['team', 'a/b~c', '~1', '']) {
    const [error, ...others] = check({ metadata: { [name]: 1, other: 'x' } });
    assert.deepEqual([error?.field, error?.code, others], [`metadata.${name}`, 'invalid_type', []]);
  }
  assert.deepEqual(
    check({ metadata: {}, team: 1 }).map(({ code }) => code),
    ['unknown_field'],
  );
});
