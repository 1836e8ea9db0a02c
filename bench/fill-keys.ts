import type { Control } from '../src/control/open.ts';
import { createSecret, hintOf, macOf, type Pepper } from '../src/keys/secret.ts';

const ROWS_PER_STATEMENT = 500;

/** Stores `count` server keys of one project, in one transaction, and returns the secrets of `kept` of them, spread out. */
export async function fillKeys(
  control: Control,
  pepper: Pepper,
  count: number,
  kept: number,
): Promise<string[]> {
  const secrets: string[] = [];
  const keepEvery = Math.max(1, Math.floor(count / kept));
  await control.write(async (tx, revision) => {
    const now = Date.now();
    await tx.insertInto('projects').values(projectRow(now, revision)).execute();
    for (let start = 0; start < count; start += ROWS_PER_STATEMENT) {
      const rows = Array.from({ length: Math.min(ROWS_PER_STATEMENT, count - start) }, (_, offset) => {
        const index = start + offset;
        const secret = createSecret('server');
        if (index % keepEvery === 0) secrets.push(secret);
        return rowsOf(`key_01K9ZV0Q6T4M8X${String(index).padStart(12, '0')}`, secret, pepper, now, revision);
      });
      await tx
        .insertInto('api_keys')
        .values(rows.map(({ key }) => key))
        .execute();
      await tx
        .insertInto('key_secrets')
        .values(rows.map((row) => row.secret))
        .execute();
    }
  });
  return secrets;
}

const projectRow = (now: number, revision: number) => ({
  id: 'proj_bench',
  name: 'Bench',
  max_key_lifetime_days: null,
  count_unverified_revenue: 1,
  leaked_key_policy: 'revoke',
  rate_limits: null,
  created_at: now,
  updated_at: now,
  revision,
});

function rowsOf(id: string, secret: string, pepper: Pepper, now: number, revision: number) {
  const key = {
    id,
    project_id: 'proj_bench',
    type: 'server',
    name: id,
    ip_allowlist: '[]',
    allowed_origins: '[]',
    bundle_ids: '[]',
    metadata: '{}',
    disabled: 0,
    created_at: now,
    created_by: 'cli',
    revision,
  };
  const mac = Buffer.from(macOf(secret, pepper), 'latin1').toString('base64url');
  const row = { key_id: id, version: 1, mac, pepper_id: pepper.id, hint: hintOf(secret), created_at: now };
  return { key, secret: row };
}
