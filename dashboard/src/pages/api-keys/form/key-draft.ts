import type { KeySdk } from '../../../../../src/api/dialect.ts';
import { CEILINGS } from '../../../../../src/directory/scopes.ts';
import type { ApiKey, KeyChange, KeyRateLimits, KeyScope, KeyType, NewKey } from '../../../api/answers.ts';
import { defaultExpiry, type ExpiryChoice, expiryInstant } from './expiry.ts';
import { defaultScopes } from './scope-presets.ts';

/** A key in a form. Lists are lines of text until they are sent. */
export type KeyDraft = {
  type: KeyType;
  name: string;
  scopes: readonly KeyScope[];
  /** Null: all apps, including future ones. */
  appIds: readonly string[] | null;
  expiry: ExpiryChoice;
  /** `YYYY-MM-DD`, if `expiry` is `date`. */
  expiryDate: string;
  addresses: string;
  origins: string;
  bundleIds: string;
  /** Null: all SDKs, including future ones. Empty until the first one is selected. */
  allowedSdks: readonly KeySdk[] | null;
  rateLimits: KeyRateLimits | null;
};

/** Returns the default draft of a new key of this type. */
export function newDraft(type: KeyType, maxLifetimeDays: number | null, name = ''): KeyDraft {
  return {
    type,
    name,
    scopes: defaultScopes(type),
    appIds: null,
    expiry: defaultExpiry(type, maxLifetimeDays),
    expiryDate: '',
    addresses: '',
    origins: '',
    bundleIds: '',
    allowedSdks: null,
    rateLimits: null,
  };
}

/** Returns the draft of an existing key. */
export function toDraft(key: ApiKey): KeyDraft {
  return {
    type: key.type,
    name: key.name,
    scopes: key.scopes,
    appIds: key.app_ids,
    expiry: key.expires_at === null ? 'never' : 'date',
    expiryDate: key.expires_at === null ? '' : localDay(key.expires_at),
    addresses: key.ip_allowlist.join('\n'),
    origins: key.allowed_origins.join('\n'),
    bundleIds: key.bundle_ids.join('\n'),
    // An older server has no such member.
    allowedSdks: key.allowed_sdks ?? null,
    rateLimits: key.rate_limits,
  };
}

function localDay(instant: string): string {
  const date = new Date(instant);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Returns the distinct entries of a text, separated by line breaks, spaces or commas. */
export function splitLines(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((line) => line !== ''))];
}

/** Returns the errors of a draft by field; an empty object if it can be sent. The server validates the rest. */
export function findDraftErrors(
  draft: KeyDraft,
  now: number,
): { name?: string; scopes?: string; expiry?: string; sdks?: string } {
  const expiresAt = expiryInstant(draft.expiry, draft.expiryDate, now);
  const isPast = typeof expiresAt === 'string' && Date.parse(expiresAt) <= now;
  return {
    ...(draft.name.trim() === '' && { name: 'Enter a name, such as the service that uses the key.' }),
    ...(draft.scopes.length === 0 && { scopes: 'Choose at least one scope.' }),
    ...(draft.allowedSdks?.length === 0 && { sdks: 'Select at least one SDK.' }),
    ...(expiresAt === undefined && { expiry: 'Choose a date.' }),
    ...(isPast && { expiry: 'Choose a date in the future.' }),
  };
}

/** Returns the body that creates the key. All scopes of the type are left out, so that the key counts as unrestricted. */
export function toNewKey(draft: KeyDraft, now: number): NewKey {
  return {
    name: draft.name.trim(),
    type: draft.type,
    ...(draft.scopes.length < CEILINGS[draft.type].length && { scopes: draft.scopes }),
    ...(draft.appIds !== null && { app_ids: draft.appIds }),
    expires_at: expiryInstant(draft.expiry, draft.expiryDate, now) ?? null,
    ...toRestrictions(draft),
  };
}

function toRestrictions({
  type,
  addresses,
  origins,
  bundleIds,
  allowedSdks,
  rateLimits,
}: KeyDraft): Partial<NewKey> {
  return {
    ip_allowlist: splitLines(addresses),
    ...(type === 'read_only' && { allowed_origins: splitLines(origins) }),
    ...(type === 'client' && { bundle_ids: splitLines(bundleIds), allowed_sdks: allowedSdks }),
    rate_limits: rateLimits,
  };
}

/** Returns the body that changes `key` into the draft. Only changed fields, so that a PATCH widens nothing by accident. */
export function toKeyChange(key: ApiKey, draft: KeyDraft, now: number): KeyChange {
  const before = toDraft(key);
  const isSameEnd = before.expiry === draft.expiry && before.expiryDate === draft.expiryDate;
  const differs = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b);
  return {
    ...(before.name !== draft.name.trim() && { name: draft.name.trim() }),
    ...(differs(before.scopes, draft.scopes) && { scopes: draft.scopes }),
    ...(differs(before.appIds, draft.appIds) && { app_ids: draft.appIds }),
    ...(!isSameEnd && { expires_at: expiryInstant(draft.expiry, draft.expiryDate, now) ?? null }),
    ...(before.addresses !== draft.addresses && { ip_allowlist: splitLines(draft.addresses) }),
    ...(before.origins !== draft.origins && { allowed_origins: splitLines(draft.origins) }),
    ...(before.bundleIds !== draft.bundleIds && { bundle_ids: splitLines(draft.bundleIds) }),
    ...(differs(before.allowedSdks, draft.allowedSdks) && { allowed_sdks: draft.allowedSdks }),
    ...(differs(before.rateLimits, draft.rateLimits) && { rate_limits: draft.rateLimits }),
  };
}
