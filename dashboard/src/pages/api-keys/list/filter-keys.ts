import type { ApiKey } from '../../../api/answers.ts';
import { isAlive } from '../key/key-labels.ts';

/** The key filters in the URL. */
export type KeyFilter = { type?: string; status?: string; q?: string };

/**
 * Returns the keys that match. By default (`live`) revoked and expired keys are hidden; `all` includes them. `q` searches
 * name, hint and ID.
 */
export function filterKeys(keys: readonly ApiKey[], { type, status = 'live', q }: KeyFilter): ApiKey[] {
  const needle = q?.trim().toLowerCase() ?? '';
  return keys.filter((key) => {
    if (type !== undefined && key.type !== type) return false;
    if (status === 'live' ? !isAlive(key.status) : status !== 'all' && key.status !== status) return false;
    return [key.name, key.hint, key.id].some((text) => text.toLowerCase().includes(needle));
  });
}
