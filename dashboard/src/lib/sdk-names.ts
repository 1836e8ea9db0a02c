import type { KeySdk } from '../../../src/api/dialect.ts';

/** What people call the SDKs that send events. `appflow` is the API itself, which the client and the snippets call. */
export const SDK_NAMES: Record<KeySdk, string> = {
  appflow: 'Appflow',
  posthog: 'PostHog',
  segment: 'Segment',
  rudderstack: 'RudderStack',
  amplitude: 'Amplitude',
  jitsu: 'Jitsu',
  openpanel: 'OpenPanel',
  aptabase: 'Aptabase',
  mixpanel: 'Mixpanel',
};
