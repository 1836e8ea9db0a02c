import type { KeySdk } from '../../../../src/api/dialect.ts';
import type { ApiKey } from '../../api/answers.ts';

/** What a client key is needed for. Other vendors' SDKs can't name an app, so among several apps the key must have only this one. */
export type KeyNeed = { sdk: KeySdk; appId: string; hasOtherApps: boolean };

/** Returns the first client key that works for an SDK and an app; undefined if there is none. */
export const chooseClientKey = (keys: readonly ApiKey[], need: KeyNeed): ApiKey | undefined =>
  listClientKeys(keys, need)[0];

/** Returns the client keys that work for an SDK and an app, in their order. */
export const listClientKeys = (keys: readonly ApiKey[], need: KeyNeed): ApiKey[] =>
  keys.filter(
    (key) =>
      key.type === 'client' &&
      (key.status === 'active' || key.status === 'expiring') &&
      (key.allowed_sdks?.includes(need.sdk) ?? true) &&
      hasApp(key, need),
  );

function hasApp({ app_ids }: ApiKey, { sdk, appId, hasOtherApps }: KeyNeed): boolean {
  const isAppChosen = sdk === 'appflow' || !hasOtherApps;
  return isAppChosen ? (app_ids?.includes(appId) ?? true) : app_ids?.join() === appId;
}
