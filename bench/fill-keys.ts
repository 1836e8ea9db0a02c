import Database from 'better-sqlite3';
import { createSecret, hintOf, macOf, type Pepper } from '../src/directory/secret.ts';

const INSERT_PROJECT = `
  INSERT INTO projects (id, name, count_unverified_revenue, leaked_key_policy, created_at, updated_at, revision)
  VALUES ('proj_bench', 'Bench', 1, 'revoke', @now, @now, @revision)`;
const INSERT_KEY = `
  INSERT INTO api_keys (id, project_id, type, name, ip_allowlist, allowed_origins, bundle_ids, metadata, disabled,
    created_at, created_by, revision)
  VALUES (@id, 'proj_bench', 'server', @id, '[]', '[]', '[]', '{}', 0, @now, 'cli', @revision)`;
const INSERT_SECRET = `
  INSERT INTO key_secrets (key_id, version, mac, pepper_id, hint, created_at)
  VALUES (@id, 1, @mac, @pepperId, @hint, @now)`;

/** Returns an id for the key at `index`, as long as a real one. */
export const keyIdAt = (index: number) => `key_01K9ZV0Q6T4M8X${String(index).padStart(12, '0')}`;

/**
 * Stores `count` server keys of one project in the control database in `file`, in one transaction, and returns the
 * secrets of about `kept` of them, evenly spread. Uses its own statements: the product never stores a million keys.
 */
export function fillKeys(file: string, pepper: Pepper, count: number, kept: number): string[] {
  const database = new Database(file);
  const secrets: string[] = [];
  const keepEvery = Math.max(1, Math.floor(count / kept));
  const insertKey = database.prepare(INSERT_KEY);
  const insertSecret = database.prepare(INSERT_SECRET);
  const fill = database.transaction(() => {
    const revision = database.prepare('UPDATE revision SET value = value + 1 RETURNING value').pluck().get();
    const now = Date.now();
    database.prepare(INSERT_PROJECT).run({ now, revision });
    for (let index = 0; index < count; index += 1) {
      const secret = createSecret('server');
      const id = keyIdAt(index);
      insertKey.run({ id, now, revision });
      const mac = Buffer.from(macOf(secret, pepper), 'latin1').toString('base64url');
      insertSecret.run({ id, mac, pepperId: pepper.id, hint: hintOf(secret), now });
      if (index % keepEvery === 0) secrets.push(secret);
    }
  });
  fill();
  database.close();
  return secrets;
}
