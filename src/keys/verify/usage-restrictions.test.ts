import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ApiKey } from '../../directory/key.ts';
import { effectiveScopes } from '../../directory/scopes.ts';
import { findUsageRefusal } from './usage-restrictions.ts';

const keyWith = (ipAllowlist: string[]): ApiKey => ({
  ...{ id: 'key_a', projectId: 'proj_a', type: 'server', name: 'Locked', scopes: null, appIds: null },
  ...{ granted: effectiveScopes('server', null), expiresAt: null, allowedOrigins: [], bundleIds: [] },
  allowedSdks: null,
  ...{ metadata: {}, rateLimits: null, disabled: false, createdAt: 0, createdBy: 'cli', revokedAt: null },
  ...{ revokedBy: null, revokedReason: null, leakReportedAt: null, secrets: [], revision: 1 },
  ...{ isProjectDeleted: false, ipAllowlist },
});
const refusalAt = (key: ApiKey, address: string) =>
  findUsageRefusal(key, { address, origin: undefined, cors: 'none' });

it('parses the addresses of a key once, not at every request', () => {
  let reads = 0;
  const list = Array.from({ length: 100 }, (_, index) => `10.0.${index}.0/24`);
  const counted = new Proxy(list, {
    get(target, name, receiver) {
      if (name === '99') reads += 1;
      return Reflect.get(target, name, receiver);
    },
  });
  const key = keyWith(counted);
  for (let request = 0; request < 50; request += 1) {
    assert.equal(refusalAt(key, '10.0.99.1'), undefined);
    assert.equal(refusalAt(key, '10.1.0.1'), 'ip_not_allowed');
  }
  assert.equal(reads, 1);
});

it('applies the current addresses of a key after a change', () => {
  const before = keyWith(['10.0.0.1']);
  assert.equal(refusalAt(before, '10.0.0.1'), undefined);
  assert.equal(refusalAt({ ...before, ipAllowlist: ['10.0.0.2'] }, '10.0.0.1'), 'ip_not_allowed');
  assert.equal(refusalAt({ ...before, ipAllowlist: [] }, '203.0.113.1'), undefined);
});
