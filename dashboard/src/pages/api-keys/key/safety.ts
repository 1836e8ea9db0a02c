import type { ApiKey, KeyScope, UsageHour } from '../../../api/answers.ts';
import { isAlive } from './key-labels.ts';

const DAY_MS = 86_400_000;
export const UNUSED_DAYS = 90;
/** How long a leak of a key that is dead by now is worth showing. */
const LEAK_SHOWN_DAYS = 30;

export type Category = UsageHour['category'];

/** Which kind of request each scope is for; the same split as the rate limits'. */
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

/** Hours of use of each key, by id; keys whose use was not looked at are absent. */
export type UsageById = ReadonlyMap<string, readonly UsageHour[]>;

/** Returns what deserves a look, the gravest first. Times are compared with `now` (epoch milliseconds). */
export function findRisks(keys: readonly ApiKey[], usage: UsageById, now: number): Finding[] {
  const order: Finding['kind'][] = ['leaked', 'unused', 'never_expires', 'too_wide'];
  return keys
    .flatMap((key) => [
      ...findLeak(key, now),
      ...(isAlive(key.status) ? [...findNeglect(key, now), ...findExcess(key, usage.get(key.id))] : []),
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

function findNeglect(key: ApiKey, now: number): Finding[] {
  const since = key.last_used_at ?? key.created_at;
  if (now - Date.parse(since) >= UNUSED_DAYS * DAY_MS) return [{ kind: 'unused', key, since }];
  // Client keys are in installed apps, which no one can give a new key: they are meant to stay.
  const isForever = key.expires_at === null && key.type !== 'client';
  return isForever ? [{ kind: 'never_expires', key }] : [];
}

/** Only of keys that were used: of the others nothing is known but that. */
function findExcess(key: ApiKey, hours: readonly UsageHour[] | undefined): Finding[] {
  if (key.type !== 'server' || hours === undefined) return [];
  const used = usedCategories(hours);
  const unusedScopes = key.scopes.filter((scope) => !used.includes(CATEGORY_OF[scope]));
  if (used.length === 0 || unusedScopes.length === 0) return [];
  return [{ kind: 'too_wide', key, used, unusedScopes }];
}

/** Returns of how many server keys the use is known, of all that were used: only of those can it be said that they are not too wide. */
export function countComparedWidths(
  keys: readonly ApiKey[],
  usage: UsageById,
): { compared: number; used: number } {
  const used = keys.filter(
    ({ type, status, last_used_at }) => type === 'server' && isAlive(status) && last_used_at !== null,
  );
  return { compared: used.filter(({ id }) => usage.has(id)).length, used: used.length };
}

/** Returns the kinds of request that a key made with success. */
export function usedCategories(hours: readonly UsageHour[]): Category[] {
  return [...new Set(hours.filter(({ ok }) => ok > 0).map(({ category }) => category))];
}
