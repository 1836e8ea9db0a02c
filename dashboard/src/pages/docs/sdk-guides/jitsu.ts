import type { SdkGuide } from './sdk-guide.ts';

/** Jitsu's SDK, which is the same package for the web and Node. */
export const JITSU_GUIDE: SdkGuide = {
  id: 'jitsu',
  name: 'Jitsu',
  platforms: {
    web: {
      install: 'npm install @jitsu/js',
      imports: ["import { jitsuAnalytics } from '@jitsu/js';"],
      settings: "jitsuAnalytics({ host: '{origin}', writeKey: 'appflow:{key}' })",
      setup: 'const jitsu = {settings};',
      event: "jitsu.track('Order Completed', { revenue: 9.99, currency: 'EUR' });",
    },
    node: {
      install: 'npm install @jitsu/js',
      imports: ["import { jitsuAnalytics } from '@jitsu/js';"],
      settings: "jitsuAnalytics({ host: '{origin}', writeKey: 'appflow:{key}' })",
      setup: 'const jitsu = {settings};',
      event:
        "await jitsu.track('Order Completed', { revenue: 9.99, currency: 'EUR' }, { userId: 'user_123', anonymousId: 'user_123' });",
    },
  },
  note: 'The write key has the form ID:SECRET: use any ID, a colon and your client key. The SDK never retries. In Node, pass the user’s ID with each event instead of calling identify.',
  unsupported: 'destinations, `group`.',
};
