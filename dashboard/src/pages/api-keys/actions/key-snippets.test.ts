import assert from 'node:assert/strict';
import { it } from 'node:test';
import { curlSnippet, envFile } from './key-snippets.ts';

const KEY = 'sk_af1_test';
const CONTEXT = { origin: 'https://appflow.example.com', appId: 'app_1', eventId: 'hello-9' };

it('sends an event, else queries metrics, else inspects the key, as its scopes allow', () => {
  assert.match(
    curlSnippet({ scopes: ['events:write', 'analytics:read'] }, KEY, CONTEXT),
    /\/v1\/events .*"app_id":"app_1".*"event_id":"hello-9"/s,
  );
  assert.match(
    curlSnippet({ scopes: ['analytics:read'] }, KEY, CONTEXT),
    /\/v1\/analytics\/daily\?app_id=app_1&days=7"/,
  );
  assert.match(curlSnippet({ scopes: ['keys:read'] }, KEY, CONTEXT), /\/v1\/api-keys\/self"/);
  assert.match(
    curlSnippet({ scopes: ['events:write'] }, KEY, { ...CONTEXT, appId: undefined }),
    /\/v1\/api-keys\/self"/,
  );
});

it('puts the key in the header and nowhere else', () => {
  const command = curlSnippet({ scopes: ['analytics:read'] }, KEY, CONTEXT);
  assert.equal(command.split(KEY).length, 2);
  assert.match(command, /-H "Authorization: Bearer sk_af1_test"/);
});

it('writes a file with three variables, whatever the name of the key contains', () => {
  const file = envFile(
    { id: 'key_1', name: 'Evil\nAPPFLOW_URL=x', type: 'server', scopes: [] },
    KEY,
    CONTEXT,
  );
  assert.deepEqual(
    file.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
    ['APPFLOW_URL=https://appflow.example.com', 'APPFLOW_API_KEY=sk_af1_test', 'APPFLOW_APP_ID=app_1'],
  );
});
