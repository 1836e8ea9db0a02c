import type { ApiKey } from '../../../api/answers.ts';
import { isAlive } from '../key/key-labels.ts';

/** What the URL says of which keys are shown. */
export type KeyFilter = { type?: string; status?: string; q?: string };

/**
 * Returns the keys that pass. Without a status, dead ones stay out of sight; `all` shows them too, and `live` says so
 * in words. The text is looked for in name, hint and id.
 */
export function filterKeys(keys: readonly ApiKey[], { type, status = 'live', q }: KeyFilter): ApiKey[] {
  const wanted = q?.trim().toLowerCase() ?? '';
  return keys.filter((key) => {
    if (type !== undefined && key.type !== type) return false;
    if (status === 'live' ? !isAlive(key.status) : status !== 'all' && key.status !== status) return false;
    return [key.name, key.hint, key.id].some((text) => text.toLowerCase().includes(wanted));
  });
}
