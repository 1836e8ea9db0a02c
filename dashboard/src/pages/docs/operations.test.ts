import assert from 'node:assert/strict';
import { it } from 'node:test';
import { listOperations } from './operations.ts';

it('lists the routes a key can call, with their scopes', () => {
  const paths = {
    '/healthz': { get: { summary: 'Public' } },
    '/v1/apps': { post: { summary: 'Create', 'x-appflow-scope': 'apps:write' }, get: { summary: 'List' } },
  };
  assert.deepEqual(listOperations({ paths }), [
    { method: 'POST', path: '/v1/apps', summary: 'Create', scope: 'apps:write' },
    { method: 'GET', path: '/v1/apps', summary: 'List', scope: 'any_key' },
  ]);
});
