import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AUDIT_ACTIONS as SERVER_ACTIONS } from '../../../../src/audit/audit.ts';
import { AUDIT_ACTIONS, describeAction } from '../../lib/audit-actions.ts';
import { toAuditQuery } from './audit-query.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');

it('queries what the URL says', () => {
  const search = { action: 'app.created', actor: 'cli', target: 'app_1', ip: '203.0.113.9', range: '7d' };
  assert.deepEqual(toAuditQuery(search, NOW), {
    action: 'app.created',
    actor_id: 'cli',
    target: 'app_1',
    ip: '203.0.113.9',
    from: '2026-11-16T12:00:00.000Z',
  });
});

it('queries all time if the range is absent or invalid', () => {
  for (const range of [undefined, '', '7', 'd', '-1d', '9999d']) {
    assert.equal(toAuditQuery(range === undefined ? {} : { range }, NOW).from, undefined, range);
  }
});

it('has a name for every action the server writes', () => {
  assert.deepEqual([...AUDIT_ACTIONS].toSorted(), [...SERVER_ACTIONS].toSorted());
});

it('turns an action of a newer server into words', () => {
  assert.equal(describeAction('key_ring.was_lost'), 'Key ring was lost');
});
