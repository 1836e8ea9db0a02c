import assert from 'node:assert/strict';
import { it } from 'node:test';
import { listChanges } from './changes.ts';

it('shows the old and new value of a field as readable text', () => {
  assert.deepEqual(
    listChanges({
      name: ['Old', 'New'],
      scopes: [['events:read'], ['events:read', 'apps:read']],
      count_unverified_revenue: [true, false],
      expires_at: [null, '2027-11-23T09:57:34.512Z'],
    }),
    [
      { name: 'name', before: 'Old', after: 'New' },
      { name: 'scopes', before: 'events:read', after: 'events:read, apps:read' },
      { name: 'count unverified revenue', before: 'yes', after: 'no' },
      { name: 'expiry date', before: undefined, after: 'Nov 23, 2027, 09:57:34 UTC' },
    ],
  );
});

it('shows what was added to a list and what was removed from it', () => {
  const diff = {
    ip_allowlist: { added: ['192.0.2.0/24', '10.0.0.1'], removed: ['10.0.0.2'] },
    scopes: { added: ['events:read'], removed: [] },
  };
  assert.deepEqual(listChanges(diff), [
    { name: 'IP addresses added', before: undefined, after: '192.0.2.0/24, 10.0.0.1' },
    { name: 'IP addresses removed', before: '10.0.0.2', after: '–' },
    { name: 'scopes added', before: undefined, after: 'events:read' },
  ]);
});

it('lists each part of a nested value separately', () => {
  const before = { events: { requests: { rate: 100, burst: 200 } } };
  const after = { events: { events: { rate: 10_000, burst: 20_000 } }, analytics: { in_flight: 2 } };
  assert.deepEqual(listChanges({ rate_limits: [before, after] }), [
    { name: 'rate limits, events, requests', before: '100 per second, burst 200', after: '–' },
    { name: 'rate limits, events, events', before: undefined, after: '10,000 per second, burst 20,000' },
    { name: 'rate limits, analytics, in flight', before: undefined, after: '2' },
  ]);
});

it('leaves out fields that start empty, and lists fields that were emptied', () => {
  assert.deepEqual(listChanges({ a: [null, null], b: [undefined, []], c: [null, {}], d: [null, false] }), []);
  assert.deepEqual(listChanges({ app_ids: [['app_1'], null] }), [
    { name: 'apps', before: 'app_1', after: '–' },
  ]);
});
