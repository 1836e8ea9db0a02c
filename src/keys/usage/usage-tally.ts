import type { Category } from '../../limits/policies.ts';

/** What one of a key's secrets was used for. Numbers named `…Unsaved` are not in the database yet. */
export type SecretUse = {
  version: number;
  lastUsedAt: number;
  lastUsedIp: string | null;
  lastUsedSdk: string | null;
  requestsSaved: number;
  requestsUnsaved: number;
  mismatchesSaved: number;
  mismatchesUnsaved: number;
};

/** What one key was used for. `hour` is the hour of `counts`, which hold four outcomes for each category. */
export type KeyUse = {
  keyId: string;
  secrets: SecretUse[];
  hour: number;
  counts: Uint32Array | undefined;
  isUnsaved: boolean;
};

export const USAGE_CATEGORIES = ['events', 'analytics', 'management'] as const satisfies Category[];
/** The order of the outcomes within a category's counts. */
export const OUTCOMES_PER_CATEGORY = 4;

/** Returns the tally of a key that was not seen before. */
export function createKeyUse(keyId: string): KeyUse {
  return { keyId, secrets: [], hour: 0, counts: undefined, isUnsaved: false };
}

/** Adds the tally of a secret that was not seen before and returns it. */
export function addSecretUse(use: KeyUse, version: number): SecretUse {
  const secret: SecretUse = {
    version,
    lastUsedAt: 0,
    lastUsedIp: null,
    lastUsedSdk: null,
    requestsSaved: 0,
    requestsUnsaved: 0,
    mismatchesSaved: 0,
    mismatchesUnsaved: 0,
  };
  use.secrets.push(secret);
  return secret;
}
