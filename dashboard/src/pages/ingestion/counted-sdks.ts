import { COUNTED_SDK_IDS, type CountedSdkId } from '../../../../src/ingestion/counted-sdk.ts';
import { SDK_NAMES } from '../../lib/sdk-names.ts';

/** What can have sent events, by ID. */
export const COUNTED_SDK_NAMES: Readonly<Record<CountedSdkId, string>> = { ...SDK_NAMES, unknown: 'Unknown' };

/** Returns an ID if ingestion health can be filtered by it. */
export const findSdkId = (id: string | undefined): CountedSdkId | undefined =>
  COUNTED_SDK_IDS.find((known) => known === id);

/** Returns the name of an SDK; its ID for one that this version of the dashboard does not know. */
export function nameSdk(id: string): string {
  const known = findSdkId(id);
  return known ? COUNTED_SDK_NAMES[known] : id;
}
