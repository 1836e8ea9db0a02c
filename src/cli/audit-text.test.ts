import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { AuditRow } from '../audit/list.ts';
import { renderAuditRows } from './audit-text.ts';

const COLUMNS_MAX = 100;

const row = (fields: Partial<AuditRow>): AuditRow =>
  ({
    at: Date.UTC(2026, 10, 29, 2, 3, 4, 567),
    action: 'api_key.created',
    target: 'key_01KAB0000000000000000000000',
    actor_type: 'cli',
    actor_id: 'cli',
    ip: null,
    project_id: null,
    request_id: null,
    diff: null,
    ...fields,
  }) as AuditRow;

it('shows the changes of an entry, without fields that are empty before and after', () => {
  const diff = {
    name: [null, 'Backend'],
    scopes: [null, null],
    app_ids: [null, null],
    enabled: [true, false],
    ip_allowlist: { added: ['10.0.0.0/8'], removed: ['10.1.0.0/16'] },
  };
  assert.equal(
    renderAuditRows([row({ diff: JSON.stringify(diff) })]),
    `2026-11-29 02:03:04Z  api_key.created  key_01KAB0000000000000000000000
                      by cli
                      name: "Backend"
                      enabled: true → false
                      ip_allowlist: +"10.0.0.0/8" -"10.1.0.0/16"`,
  );
});

it('shows empty values that may stand for omitted ones, and how many were omitted', () => {
  const diff = { description: [null, null], omitted: 2 };
  const text = renderAuditRows([row({ diff: JSON.stringify(diff) })]);
  assert.match(text, /\n +description: null\n +2 long values are not recorded$/);
});

it('fits an entry with an address, a project and a request on a terminal', () => {
  const ulid = '01KAB0000000000000000000000'.slice(0, 26);
  const text = renderAuditRows([
    row({
      actor_id: `key_${ulid}`,
      ip: '2001:db8:1234:5678:9abc:def0:1234:5678',
      project_id: `proj_${ulid}`,
      request_id: `req_${ulid}`,
    }),
  ]);
  const lines = text.split('\n');
  assert.ok(
    lines.every(({ length }) => length <= COLUMNS_MAX),
    text,
  );
});

it('says so if nothing matches', () => {
  assert.equal(renderAuditRows([]), 'No matching entries.');
});
