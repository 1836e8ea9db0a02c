import type { SdkGuide } from './sdk-guide.ts';

/** Mixpanel's SDK for Node, the only one of those on npm that can send to its import. */
export const MIXPANEL_GUIDE: SdkGuide = {
  id: 'mixpanel',
  name: 'Mixpanel',
  platforms: {
    node: {
      install: 'npm install mixpanel',
      imports: ["import Mixpanel from 'mixpanel';"],
      settings: "Mixpanel.init('appflow', { host: '{host}', secret: '{key}', verbose: true })",
      setup: 'const mixpanel = {settings};',
      event:
        "mixpanel.import_batch([{ event: 'Order Completed', properties: { distinct_id: 'user_123', time: new Date(), revenue: 9.99, currency: 'EUR' } }]);",
    },
  },
  note: 'With a secret, the SDK always uses https. Only import_batch works.',
  unsupported:
    '`track`, `track_batch`, `import`, `people`, groups, feature flags, and all mobile and web SDKs, which send to `/track`.',
};
