import assert from 'node:assert/strict';
import { it } from 'node:test';
import { curlOf, envFileOf } from './key-snippets.ts';

const KEY = 'sk_af1_test';
const CONTEXT = { origin: 'https://appflow.example.com', appId: 'app_1', eventId: 'hello-9' };

it('sends an event with keys that may, asks for numbers with those that may, and else asks what the key is', () => {
  assert.match(
    curlOf({ scopes: ['events:write', 'analytics:read'] }, KEY, CONTEXT),
    /\/v1\/events .*"app_id":"app_1".*"event_id":"hello-9"/s,
  );
  assert.match(
    curlOf({ scopes: ['analytics:read'] }, KEY, CONTEXT),
    /\/v1\/analytics\/daily\?app_id=app_1&days=7"/,
  );
  assert.match(curlOf({ scopes: ['keys:read'] }, KEY, CONTEXT), /\/v1\/api-keys\/self"/);
  assert.match(
    curlOf({ scopes: ['events:write'] }, KEY, { ...CONTEXT, appId: undefined }),
    /\/v1\/api-keys\/self"/,
  );
});

it('carries the key in the header and nowhere else', () => {
  const command = curlOf({ scopes: ['analytics:read'] }, KEY, CONTEXT);
  assert.equal(command.split(KEY).length, 2);
  assert.match(command, /-H "Authorization: Bearer sk_af1_test"/);
});

it('writes a file of three variables, whatever the name of the key holds', () => {
  const file = envFileOf(
    { id: 'key_1', name: 'Evil\nAPPFLOW_URL=x', type: 'server', scopes: [] },
    KEY,
    CONTEXT,
  );
  assert.deepEqual(
    file.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
    ['APPFLOW_URL=https://appflow.example.com', 'APPFLOW_API_KEY=sk_af1_test', 'APPFLOW_APP_ID=app_1'],
  );
});
