import { AMPLITUDE_GUIDE } from './amplitude.ts';
import { APTABASE_GUIDE } from './aptabase.ts';
import { JITSU_GUIDE } from './jitsu.ts';
import { MIXPANEL_GUIDE } from './mixpanel.ts';
import { OPENPANEL_GUIDE } from './openpanel.ts';
import { POSTHOG_GUIDE } from './posthog.ts';
import { RUDDERSTACK_GUIDE } from './rudderstack.ts';
import { GUIDE_IDS, type GuideId, type SdkGuide } from './sdk-guide.ts';
import { SEGMENT_GUIDE } from './segment.ts';

const GUIDES: Record<GuideId, SdkGuide> = {
  posthog: POSTHOG_GUIDE,
  segment: SEGMENT_GUIDE,
  rudderstack: RUDDERSTACK_GUIDE,
  amplitude: AMPLITUDE_GUIDE,
  jitsu: JITSU_GUIDE,
  openpanel: OPENPANEL_GUIDE,
  aptabase: APTABASE_GUIDE,
  mixpanel: MIXPANEL_GUIDE,
};

/** The SDKs of other vendors, in the order of docs/guides/sdks.md. */
export const SDK_GUIDES: readonly SdkGuide[] = GUIDE_IDS.map((id) => GUIDES[id]);
