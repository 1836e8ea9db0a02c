import { KEY_SDKS } from '../api/dialect.ts';

/** What events are counted by: `POST /v1/events`, the SDKs of a vendor, or `unknown` if neither is known. */
export const COUNTED_SDK_IDS = [...KEY_SDKS, 'unknown'] as const;

/** One of `COUNTED_SDK_IDS`. */
export type CountedSdkId = (typeof COUNTED_SDK_IDS)[number];
