import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ApiError } from '../../api/errors.ts';
import { FORM_BYTES_MAX, isForm, isGzip, unwrapForm } from './lenient.ts';

const JSON_TEXT = '[{"event":"Größe +1 & 50 %"}]';
const unwrap = (form: string) => unwrapForm(Buffer.from(form)).toString();
const isRefused = (code: string) => (error: unknown) => error instanceof ApiError && error.code === code;

describe('a form with events', () => {
  it('has JSON, escaped or as it is', () => {
    assert.equal(unwrap(`data=${encodeURIComponent(JSON_TEXT)}`), JSON_TEXT);
    assert.equal(unwrap('data=+[1]&ip=1'), ' [1]');
    assert.equal(unwrap('data={"a":"ä"}'), '{"a":"ä"}');
  });

  it('has base64, with its + escaped or not', () => {
    const text = Buffer.from('~~~>>>???{}');
    const encoded = text.toString('base64');
    assert.match(encoded, /\+/);
    assert.equal(unwrap(`data=${encoded}`), text.toString());
    assert.equal(unwrap(`data=${encodeURIComponent(encoded)}`), text.toString());
  });

  it('is empty if it has nothing', () => {
    assert.equal(unwrap('data='), '');
    assert.equal(unwrap('data=&data=[]'), '');
  });

  it('is refused if an escape is broken', () => {
    for (const form of ['data=%', 'data=%4', 'data=%zz', 'data=a%&b'])
      assert.throws(() => unwrap(form), isRefused('invalid_encoding'), form);
  });

  it('is decoded in a few milliseconds up to its bound, whatever it contains, and refused beyond it', () => {
    for (const character of ['+', '%5B', 'A', ' ', '[']) {
      const form = Buffer.from(`data=${character.repeat(FORM_BYTES_MAX)}`.slice(0, FORM_BYTES_MAX - 1));
      const even = character === '%5B' ? form.subarray(0, form.length - ((form.length - 5) % 3)) : form;
      const startedAt = performance.now();
      unwrapForm(even);
      assert.ok(
        performance.now() - startedAt < 250,
        `${character} takes ${performance.now() - startedAt} ms`,
      );
    }
    const full = Buffer.from(`data=[${' '.repeat(FORM_BYTES_MAX - 6)}`);
    assert.equal(full.length, FORM_BYTES_MAX);
    unwrapForm(full);
    assert.throws(
      () => unwrapForm(Buffer.concat([full, full.subarray(0, 1)])),
      isRefused('payload_too_large'),
    );
  });
});

it('distinguishes forms and gzip from JSON', () => {
  assert.deepEqual([isForm(Buffer.from('data=[]')), isForm(Buffer.from('{"data":1}'))], [true, false]);
  assert.deepEqual(
    [isGzip(gzipSync('[]')), isGzip(Buffer.from('[]')), isGzip(Buffer.alloc(1))],
    [true, false, false],
  );
});
