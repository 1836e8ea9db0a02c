import assert from 'node:assert/strict';
import { it } from 'node:test';
import { safeReturn } from './safe-return.ts';

it('returns paths of this site with their query', () => {
  assert.equal(safeReturn('/p/proj_1/overview?app=app_1&range=7d'), '/p/proj_1/overview?app=app_1&range=7d');
  assert.equal(safeReturn('/account'), '/account');
});

it('never returns a URL of another site, however it is written', () => {
  const ways = [
    'https://evil.example',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n//evil.example',
    '/.//evil.example',
    '/x/..//evil.example',
    'javascript:alert(1)',
    ' /account',
    'account',
    '',
  ];
  for (const way of ways) assert.equal(safeReturn(way), '/', JSON.stringify(way));
  for (const way of [undefined, null, 1, {}, ['/account']]) assert.equal(safeReturn(way), '/');
});

it('does not return to the sign-in page itself', () => {
  assert.equal(safeReturn('/sign-in?return=/account'), '/');
});
