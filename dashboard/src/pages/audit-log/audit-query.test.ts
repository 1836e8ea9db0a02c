import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AUDIT_ACTIONS as SERVER_ACTIONS } from '../../../../src/audit/audit.ts';
import { AUDIT_ACTIONS, describeAction } from '../../lib/audit-actions.ts';
import { auditQueryOf } from './audit-query.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');

it('asks for what the URL says', () => {
  assert.deepEqual(auditQueryOf({ action: 'app.created', actor: 'cli', target: 'app_1', range: '7d' }, NOW), {
    action: 'app.created',
    actor_id: 'cli',
    target: 'app_1',
    from: '2026-11-16T12:00:00.000Z',
  });
});

it('asks for all time when the range is left out or makes no sense', () => {
  for (const range of [undefined, '', '7', 'd', '-1d', '9999d']) {
    assert.equal(auditQueryOf(range === undefined ? {} : { range }, NOW).from, undefined, range);
  }
});

it('has words for every action the server writes', () => {
  assert.deepEqual([...AUDIT_ACTIONS].toSorted(), [...SERVER_ACTIONS].toSorted());
});

it('reads an action of a newer server as well as it can', () => {
  assert.equal(describeAction('key_ring.was_lost'), 'Key ring was lost');
});
