import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleEventCommand } from './sample-event.ts';

test('sends a valid batch for the app, with a placeholder for the key', () => {
  const command = sampleEventCommand('https://events.example.com', 'app_01ABC');
  const body = /-d '([\s\S]+)'$/.exec(command)?.[1] ?? '';
  assert.deepEqual(JSON.parse(body), {
    app_id: 'app_01ABC',
    events: [{ event_name: 'app_open', app_user_id: 'user_123' }],
  });
  assert.match(command, /^curl https:\/\/events\.example\.com\/v1\/events /);
  assert.match(command, /Bearer YOUR_API_KEY/);
});
