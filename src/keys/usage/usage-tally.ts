import type { Category } from '../../limits/policies.ts';

/** The usage of one secret of a key. Counts named `…Unsaved` are not in the database yet. */
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

/** The usage of one key. `counts` has four outcomes per category, for the hour that starts at `hour`. */
export type KeyUse = {
  keyId: string;
  secrets: SecretUse[];
  hour: number;
  counts: Uint32Array | undefined;
  isUnsaved: boolean;
};

/** The rate-limit categories that usage is counted by, in the order of `counts`. */
export const USAGE_CATEGORIES = ['events', 'analytics', 'management'] as const satisfies Category[];
/** Within a category: ok, unauthorized, forbidden, limited. */
export const OUTCOMES_PER_CATEGORY = 4;

/** Returns the empty tally of a key. */
export function createKeyUse(keyId: string): KeyUse {
  return { keyId, secrets: [], hour: 0, counts: undefined, isUnsaved: false };
}

/** Adds the empty tally of a secret and returns it. */
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
