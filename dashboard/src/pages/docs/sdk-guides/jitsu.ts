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
      setup: "const jitsu = {settings};\nawait jitsu.identify('user_123');",
      event: "await jitsu.track('Order Completed', { revenue: 9.99, currency: 'EUR' });",
    },
  },
  note: 'Its SDK expects ID:SECRET as a key: put anything in front of the client key. It sends each message once.',
  unsupported: 'destinations, `group`.',
};
