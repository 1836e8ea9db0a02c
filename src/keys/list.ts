import { type Static, Type } from 'typebox';
import type { Caller } from '../api/caller.ts';
import { exceedsApps } from '../api/permission.ts';
import type { Directory } from '../directory/directory.ts';
import { type ApiKey, KEY_STATUSES, statusOf } from '../directory/key.ts';
import { KEY_TYPES } from '../directory/scopes.ts';
import { DAY_MS } from '../lib/durations.ts';
import { parseTimestamp } from '../lib/timestamp.ts';
import type { KeyJsonServices } from './key-json.ts';

const UNUSED_DAYS_MAX = 3_650;

/** The filters of the list of keys. A key must match all that are given. */
export const KEY_FILTERS = {
  type: Type.Optional(Type.Enum([...KEY_TYPES])),
  status: Type.Optional(Type.Enum([...KEY_STATUSES])),
  expires_before: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'Keys that end before; those that never end are not among them.',
    }),
  ),
  unused_for_days: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: UNUSED_DAYS_MAX,
      description: 'Keys not used for so long; a key never used counts from when it was made.',
    }),
  ),
  app_id: Type.Optional(
    Type.String({ description: 'Keys that reach this app, those that reach all apps included.' }),
  ),
};

type KeyFilters = { [Name in keyof typeof KEY_FILTERS]?: Static<(typeof KEY_FILTERS)[Name]> };

/** Returns the keys of the caller's project that it can access and that match the filters. */
export function listKeys(
  { directory, clock, usage }: { directory: Directory } & KeyJsonServices,
  { principal: own, project }: Pick<Caller, 'project'> & { principal: Pick<ApiKey, 'appIds'> },
  filters: KeyFilters,
): ApiKey[] {
  const now = clock.now();
  const { type, status, app_id: appId } = filters;
  const expiresBefore = parseTimestamp(filters.expires_before) ?? Number.POSITIVE_INFINITY;
  const hasExpiryFilter = filters.expires_before !== undefined;
  const unusedSince = now - (filters.unused_for_days ?? 0) * DAY_MS;
  const lastUseOf = (key: ApiKey) => usage?.find(key.id).lastUsedAt ?? key.createdAt;
  return directory
    .listKeys(project.id)
    .filter((key) => !exceedsApps(key, own))
    .filter((key) => type === undefined || key.type === type)
    .filter((key) => status === undefined || statusOf(key, now) === status)
    .filter((key) => !hasExpiryFilter || (key.expiresAt !== null && key.expiresAt < expiresBefore))
    .filter((key) => filters.unused_for_days === undefined || lastUseOf(key) <= unusedSince)
    .filter((key) => appId === undefined || key.appIds === null || key.appIds.includes(appId));
}
