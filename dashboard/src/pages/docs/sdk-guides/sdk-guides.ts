import { AMPLITUDE_GUIDE } from './amplitude.ts';
import { POSTHOG_GUIDE } from './posthog.ts';
import { RUDDERSTACK_GUIDE } from './rudderstack.ts';
import type { SdkGuide } from './sdk-guide.ts';
import { SEGMENT_GUIDE } from './segment.ts';

/** The SDKs of other vendors, in the order of docs/guides/sdks.md. */
export const SDK_GUIDES: readonly SdkGuide[] = [
  POSTHOG_GUIDE,
  SEGMENT_GUIDE,
  RUDDERSTACK_GUIDE,
  AMPLITUDE_GUIDE,
];
