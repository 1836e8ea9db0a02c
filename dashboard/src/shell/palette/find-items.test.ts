import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findItems, type PaletteItem } from './find-items.ts';
import { paletteKeys } from './palette-state.ts';

const item = (group: PaletteItem['group'], name: string, keywords = ''): PaletteItem => ({
  id: name,
  group,
  name,
  keywords,
  icon: null,
  run: () => undefined,
});
const ITEMS = [
  item('Actions', 'Create API key'),
  item('Apps', 'Notes for iOS', 'app_1'),
  item('Pages', 'API keys', 'settings'),
  item('Pages', 'Overview'),
];
const find = (text: string) => findItems(ITEMS, text).map(({ name }) => name);

test('finds items by all words of their name or keywords, in any order, ignoring case', () => {
  assert.deepEqual(find('KEY api'), ['API keys', 'Create API key']);
  assert.deepEqual(find('app_1'), ['Notes for iOS']);
  assert.deepEqual(find('key overview'), []);
});

test('lists everything by group without a text, at most eight of a group', () => {
  assert.deepEqual(find(''), ['API keys', 'Overview', 'Notes for iOS', 'Create API key']);
  const many = Array.from({ length: 9 }, (_, index) => item('Apps', `App ${index}`));
  assert.equal(findItems(many, '').length, 8);
});

test('names the keys as the system does', () => {
  assert.equal(paletteKeys('Mozilla/5.0 (Macintosh; Intel Mac OS X)'), '⌘K');
  assert.equal(paletteKeys('Mozilla/5.0 (X11; Linux x86_64)'), 'Ctrl K');
});
