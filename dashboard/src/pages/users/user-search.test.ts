import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  addUserFilter,
  clearUserFilters,
  describeUserFilter,
  listUserFilters,
  removeUserFilter,
  toUserQuery,
  type UserSearch,
} from './user-search.ts';

const SEARCH: UserSearch = { q: 'user_', platform: 'ios', user_property: ['plan:pro', 'a\\:b:c'] };

it('lists the filters of a URL in display order, without the search by ID', () => {
  assert.deepEqual(listUserFilters(SEARCH), [
    { field: 'platform', value: 'ios' },
    { field: 'user_property', value: 'plan:pro' },
    { field: 'user_property', value: 'a\\:b:c' },
  ]);
});

it('describes filters by display names, and user properties by their own', () => {
  assert.deepEqual(describeUserFilter({ field: 'country', value: 'DE' }), {
    name: 'Country',
    value: 'Germany',
  });
  assert.deepEqual(describeUserFilter({ field: 'user_property', value: 'a\\:b:c' }), {
    name: 'a:b',
    value: 'c',
  });
  assert.deepEqual(describeUserFilter({ field: 'user_property', value: ':' }), { name: '""', value: '' });
});

it('replaces a field with one value, and collects user properties without repeating one', () => {
  assert.equal(addUserFilter(SEARCH, { field: 'platform', value: 'web' }).platform, 'web');
  const more = addUserFilter(SEARCH, { field: 'user_property', value: 'plan:free' });
  assert.deepEqual(more.user_property, ['plan:pro', 'a\\:b:c', 'plan:free']);
  assert.deepEqual(addUserFilter(more, { field: 'user_property', value: 'plan:pro' }), more);
});

it('accepts 20 user properties, as many as the server', () => {
  const values = Array.from({ length: 20 }, (_, index) => `p${index}:x`);
  const full = { user_property: values };
  assert.equal(
    addUserFilter({ user_property: values.slice(1) }, { field: 'user_property', value: 'n:x' }).user_property
      ?.length,
    20,
  );
  assert.deepEqual(addUserFilter(full, { field: 'user_property', value: 'n:x' }), full);
});

it('removes one filter, and its parameter with the last value', () => {
  const one = removeUserFilter(SEARCH, { field: 'user_property', value: 'plan:pro' });
  assert.deepEqual(one.user_property, ['a\\:b:c']);
  const none = removeUserFilter(one, { field: 'user_property', value: 'a\\:b:c' });
  assert.deepEqual(none, { q: 'user_', platform: 'ios' });
  assert.deepEqual(removeUserFilter(none, { field: 'platform', value: 'ios' }), { q: 'user_' });
});

it('clears filters and search, and nothing else', () => {
  assert.deepEqual(clearUserFilters({ ...SEARCH, apps: 'all' }), { apps: 'all' });
});

it('asks for the users of one app or of all', () => {
  assert.deepEqual(toUserQuery({ q: 'a', country: 'DE' }, 'all'), {
    app_id: 'all',
    search: 'a',
    country: ['DE'],
    user_property: undefined,
  });
});
