import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeKeyFixture } from '../../../../../test/support/dashboard-key.ts';
import { toDraft } from './key-draft.ts';
import { rebaseDraft } from './key-draft-rebase.ts';

const base = toDraft(makeKeyFixture());

it('keeps edited parts and updates the others', () => {
  const mine = { ...base, name: 'Mine', addresses: '10.0.0.1' };
  const theirs = { ...base, scopes: ['events:read'] as const };
  assert.deepEqual(rebaseDraft(base, mine, theirs), {
    draft: { ...mine, scopes: ['events:read'] },
    withTheirs: undefined,
  });
});

it('keeps my value if both edited a part, and offers theirs for that part only', () => {
  const mine = { ...base, name: 'Mine', addresses: '10.0.0.1' };
  const theirs = { ...base, name: 'Theirs' };
  const { draft, withTheirs } = rebaseDraft(base, mine, theirs);
  assert.deepEqual(draft, mine);
  assert.deepEqual(withTheirs, { ...mine, name: 'Theirs' });
});

it('finds no conflict if both made the same change', () => {
  const both = { ...base, name: 'Same' };
  assert.deepEqual(rebaseDraft(base, both, both), { draft: both, withTheirs: undefined });
});

it('merges the two fields of the expiry together', () => {
  const mine = { ...base, expiry: 'never' as const, expiryDate: '' };
  const theirs = { ...base, expiry: 'date' as const, expiryDate: '2028-01-31' };
  const { draft, withTheirs } = rebaseDraft(base, mine, theirs);
  assert.deepEqual([draft.expiry, draft.expiryDate], ['never', '']);
  assert.deepEqual([withTheirs?.expiry, withTheirs?.expiryDate], ['date', '2028-01-31']);
});
