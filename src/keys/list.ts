import { type Static, Type } from 'typebox';
import { exceedsApps } from '../api/permission.ts';
import { type ApiKey, KEY_STATUSES, statusOf } from '../directory/key.ts';
import { KEY_TYPES } from '../directory/scopes.ts';
import { DAY_MS } from '../lib/durations.ts';
import { parseTimestamp } from '../lib/timestamp.ts';
import type { KeyJsonServices } from './key-json.ts';

const UNUSED_DAYS_MAX = 3_650;

/** The filters of the list of keys. A key must match all that are given. */
export const KEY_FILTERS = {
  type: Type.Optional(Type.Enum([...KEY_TYPES], { description: 'Only keys of this type.' })),
  status: Type.Optional(Type.Enum([...KEY_STATUSES], { description: 'Only keys with this status.' })),
  expires_before: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'Only keys that expire before this time.',
    }),
  ),
  unused_for_days: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: UNUSED_DAYS_MAX,
      description: 'Only keys not used for this many days, or created that long ago and never used.',
    }),
  ),
  app_id: Type.Optional(Type.String({ description: 'Only keys that can access this app.' })),
};

type KeyFilters = { [Name in keyof typeof KEY_FILTERS]?: Static<(typeof KEY_FILTERS)[Name]> };

/** Returns whether a key of the caller's project is one that the caller can access and that matches the filters. */
export function createKeyFilter(
  { clock, usage }: KeyJsonServices,
  { principal: own }: { principal: Pick<ApiKey, 'appIds'> },
  filters: KeyFilters,
): (key: ApiKey) => boolean {
  const now = clock.now();
  const { type, status, app_id: appId, unused_for_days: unusedForDays } = filters;
  const expiresBefore = parseTimestamp(filters.expires_before);
  const unusedSince = now - (unusedForDays ?? 0) * DAY_MS;
  const isUnused = (key: ApiKey) => (usage?.find(key.id).lastUsedAt ?? key.createdAt) <= unusedSince;
  return (key) =>
    (type === undefined || key.type === type) &&
    (status === undefined || statusOf(key, now) === status) &&
    (expiresBefore === undefined || (key.expiresAt !== null && key.expiresAt < expiresBefore)) &&
    (appId === undefined || key.appIds === null || key.appIds.includes(appId)) &&
    !exceedsApps(key, own) &&
    (unusedForDays === undefined || isUnused(key));
}
