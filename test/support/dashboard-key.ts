import type { ApiKey } from '../../dashboard/src/api/answers.ts';

/** Returns a healthy server key created on 2026-11-01, with the fields of `part`. */
export function makeKeyFixture(part: Partial<ApiKey> = {}): ApiKey {
  return {
    id: 'key_1',
    project_id: 'proj_1',
    type: 'server',
    name: 'Backend',
    hint: 'sk_af1_AbCd…WxYz',
    status: 'active',
    scopes: ['events:write'],
    app_ids: null,
    expires_at: '2027-11-01T00:00:00.000Z',
    ip_allowlist: [],
    allowed_origins: [],
    bundle_ids: [],
    allowed_sdks: null,
    rate_limits: null,
    disabled: false,
    metadata: {},
    secrets: [],
    created_at: '2026-11-01T00:00:00.000Z',
    created_by: 'cli',
    revoked_at: null,
    revoked_by: null,
    revoked_reason: null,
    leak_reported_at: null,
    last_used_at: '2026-11-23T00:00:00.000Z',
    last_used_ip: null,
    last_used_sdk: null,
    request_count: 1,
    bundle_id_mismatches: 0,
    etag: '"1"',
    ...part,
  };
}
