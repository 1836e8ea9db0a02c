import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DIFF_BYTES_MAX, type Diff, decodeDiff, diffOf, encodeDiff } from './diff.ts';

describe('the diff of an audit entry', () => {
  it('has only the members that differ, each with its value before and after', () => {
    const before = { name: 'A', type: 'server', disabled: false, updated_at: 1 };
    const after = { name: 'B', type: 'server', disabled: false, updated_at: 2 };
    assert.deepEqual(diffOf(before, after, ['updated_at']), { name: ['A', 'B'] });
    assert.deepEqual(diffOf({}, { role: 'admin', scopes: null }), { role: [null, 'admin'] });
    assert.deepEqual(diffOf({ role: 'admin' }, {}), { role: ['admin', null] });
    assert.equal(diffOf(before, { ...before }), undefined);
  });

  it('has what was added to a list and removed from it, whatever the order and however long the list is', () => {
    const many = Array.from({ length: 100 }, (_, index) => `10.0.0.${index}/32`);
    const changed = [...many.toReversed().slice(1), '192.0.2.1/32'];
    const diff = diffOf({ ip_allowlist: many }, { ip_allowlist: changed });
    assert.deepEqual(diff, { ip_allowlist: { added: ['192.0.2.1/32'], removed: ['10.0.0.99/32'] } });
    assert.equal(diffOf({ list: many }, { list: many.toReversed() }), undefined);
  });

  it('keeps the difference between no restriction and an empty list', () => {
    assert.deepEqual(diffOf({ scopes: null }, { scopes: ['events:read'] }), {
      scopes: [null, ['events:read']],
    });
    assert.deepEqual(diffOf({ scopes: ['events:read'] }, { scopes: null }), {
      scopes: [['events:read'], null],
    });
  });

  it('has only the members of an object that differ, whatever their order', () => {
    const before = { metadata: { team: 'a', color: 'red', old: '1' } };
    const after = { metadata: { color: 'blue', team: 'a', new: '2' } };
    assert.deepEqual(diffOf(before, after), {
      metadata: [
        { color: 'red', old: '1' },
        { color: 'blue', new: '2' },
      ],
    });
    assert.equal(diffOf({ metadata: { a: '1', b: '2' } }, { metadata: { b: '2', a: '1' } }), undefined);
    const rate = (events: number) => ({ rate_limits: { events: { rate: events, burst: 9 } } });
    assert.deepEqual(diffOf(rate(1), rate(2)), {
      rate_limits: [{ events: { rate: 1 } }, { events: { rate: 2 } }].map(({ events }) => ({
        events: { ...events, burst: 9 },
      })),
    });
  });
});

describe('a stored diff', () => {
  const sizeOf = (diff: Diff) => Buffer.byteLength(encodeDiff(diff));

  it('is whole up to 2,048 bytes, and never longer', () => {
    const overhead = JSON.stringify({ note: ['', ''] }).length;
    const exact: Diff = { note: ['x'.repeat(DIFF_BYTES_MAX - overhead), ''] };
    assert.deepEqual(decodeDiff(encodeDiff(exact)), { diff: exact, omitted: 0 });
    const longer: Diff = { note: ['x'.repeat(DIFF_BYTES_MAX - overhead + 1), ''] };
    assert.deepEqual(decodeDiff(encodeDiff(longer)), { diff: { note: [null, ''] }, omitted: 1 });
    for (const characters of [1_000, 2_000, 3_000, 100_000]) {
      const text = '\u00e4"'.repeat(characters);
      const fields = ['a', 'b', 'c', 'd'].map((name) => [name, [text, text]] as const);
      assert.ok(sizeOf(Object.fromEntries(fields)) <= DIFF_BYTES_MAX);
    }
  });

  it('keeps short changes and as much of long lists as fits, and counts what it leaves out', () => {
    const list = Array.from({ length: 500 }, (_, index) => `app_${String(index).padStart(26, '0')}`);
    const metadata = Object.fromEntries(list.map((id) => [id, 'x'.repeat(20)]));
    for (const diff of [
      { app_ids: { added: list, removed: list }, name: ['A', 'B'] },
      { app_ids: [null, list], name: ['A', 'B'] },
      { metadata: [metadata, metadata], name: ['A', 'B'] },
    ] as Diff[]) {
      const text = encodeDiff(diff);
      assert.ok(Buffer.byteLength(text) <= DIFF_BYTES_MAX);
      assert.ok(Buffer.byteLength(text) > DIFF_BYTES_MAX / 2, 'the room is used');
      const { diff: short, omitted } = decodeDiff(text);
      assert.deepEqual(short.name, ['A', 'B']);
      const count = (stored: Diff) =>
        Object.values(stored.app_ids ?? stored.metadata ?? {}).flatMap((part) => Object.keys(part ?? {}))
          .length;
      assert.equal(count(short) + omitted, count(diff));
    }
  });
});
