import { DAY_MS } from '../../../../../src/lib/durations.ts';
import type { ApiKey, KeyScope, UsageHour } from '../../../api/answers.ts';
import { USAGE_DAYS, type UsageById } from '../../../api/keys.ts';
import { isAlive } from './key-labels.ts';

export const UNUSED_DAYS = 90;
/** How long the leak of a revoked key is shown. */
const LEAK_SHOWN_DAYS = 30;

export type Category = UsageHour['category'];

/** The request category of each scope, as in the rate limits. */
const CATEGORY_OF: Record<KeyScope, Category> = {
  'events:write': 'events',
  'events:read': 'analytics',
  'analytics:read': 'analytics',
  'users:read': 'analytics',
  'users:delete': 'management',
  'apps:read': 'management',
  'apps:write': 'management',
  'project:read': 'management',
  'project:write': 'management',
  'keys:read': 'management',
  'keys:write': 'management',
  'audit:read': 'management',
};

export type Finding =
  | { kind: 'leaked'; key: ApiKey; isDead: boolean }
  | { kind: 'never_expires'; key: ApiKey }
  | { kind: 'unused'; key: ApiKey; since: string }
  | { kind: 'too_wide'; key: ApiKey; used: Category[]; unusedScopes: KeyScope[] };

/** Returns the findings, most severe first, as of `now` (epoch milliseconds). */
export function findRisks(keys: readonly ApiKey[], usage: UsageById, now: number): Finding[] {
  const order: Finding['kind'][] = ['leaked', 'unused', 'never_expires', 'too_wide'];
  return keys
    .flatMap((key) => [
      ...findLeak(key, now),
      ...(isAlive(key.status)
        ? [...findUnusedRisk(key, now), ...findUnusedScopes(key, usage.get(key.id), now)]
        : []),
    ])
    .toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

function findLeak(key: ApiKey, now: number): Finding[] {
  const isDead = key.status === 'revoked';
  const isLeaked = key.leak_reported_at !== null || key.revoked_reason === 'leaked';
  if (!isLeaked) return [];
  const isOld = key.revoked_at !== null && now - Date.parse(key.revoked_at) > LEAK_SHOWN_DAYS * DAY_MS;
  return isDead && isOld ? [] : [{ kind: 'leaked', key, isDead }];
}

function findUnusedRisk(key: ApiKey, now: number): Finding[] {
  const since = key.last_used_at ?? key.created_at;
  if (now - Date.parse(since) >= UNUSED_DAYS * DAY_MS) return [{ kind: 'unused', key, since }];
  // Client keys are in installed apps, which cannot receive a new key: they are meant to stay.
  const neverExpires = key.expires_at === null && key.type !== 'client';
  return neverExpires ? [{ kind: 'never_expires', key }] : [];
}

/** Only for keys that were used and have existed as long as usage is looked at: too little is known about the others. */
function findUnusedScopes(key: ApiKey, hours: readonly UsageHour[] | undefined, now: number): Finding[] {
  const isNew = now - Date.parse(key.created_at) < USAGE_DAYS * DAY_MS;
  if (key.type !== 'server' || hours === undefined || isNew) return [];
  const used = usedCategories(hours);
  const unusedScopes = key.scopes.filter((scope) => !used.includes(CATEGORY_OF[scope]));
  if (used.length === 0 || unusedScopes.length === 0) return [];
  return [{ kind: 'too_wide', key, used, unusedScopes }];
}

/** Returns how many used server keys there are, and of how many the usage is known: only those can be checked. */
export function countCheckedScopes(
  keys: readonly ApiKey[],
  usage: UsageById,
): { compared: number; used: number } {
  const used = keys.filter(
    ({ type, status, last_used_at }) => type === 'server' && isAlive(status) && last_used_at !== null,
  );
  return { compared: used.filter(({ id }) => usage.has(id)).length, used: used.length };
}

/** Returns the categories of a key's successful requests. */
export function usedCategories(hours: readonly UsageHour[]): Category[] {
  return [...new Set(hours.filter(({ ok }) => ok > 0).map(({ category }) => category))];
}
