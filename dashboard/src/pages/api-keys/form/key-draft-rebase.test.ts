import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeKeyFixture } from '../key/key.fixture.ts';
import { draftOf } from './key-draft.ts';
import { rebaseDraft } from './key-draft-rebase.ts';

const base = draftOf(makeKeyFixture());

it('keeps what was typed and renews what was not touched', () => {
  const mine = { ...base, name: 'Mine', addresses: '10.0.0.1' };
  const theirs = { ...base, scopes: ['events:read'] as const };
  assert.deepEqual(rebaseDraft(base, mine, theirs), {
    draft: { ...mine, scopes: ['events:read'] },
    withTheirs: undefined,
  });
});

it('keeps mine where both changed the same, and offers theirs for just that', () => {
  const mine = { ...base, name: 'Mine', addresses: '10.0.0.1' };
  const theirs = { ...base, name: 'Theirs' };
  const { draft, withTheirs } = rebaseDraft(base, mine, theirs);
  assert.deepEqual(draft, mine);
  assert.deepEqual(withTheirs, { ...mine, name: 'Theirs' });
});

it('finds no dispute where both wanted the same', () => {
  const both = { ...base, name: 'Same' };
  assert.deepEqual(rebaseDraft(base, both, both), { draft: both, withTheirs: undefined });
});

it('takes the two halves of an end together', () => {
  const mine = { ...base, expiry: 'never' as const, expiryDate: '' };
  const theirs = { ...base, expiry: 'date' as const, expiryDate: '2028-01-31' };
  const { draft, withTheirs } = rebaseDraft(base, mine, theirs);
  assert.deepEqual([draft.expiry, draft.expiryDate], ['never', '']);
  assert.deepEqual([withTheirs?.expiry, withTheirs?.expiryDate], ['date', '2028-01-31']);
});
