import type { SdkGuide } from './sdk-guide.ts';

/** OpenPanel's SDKs. The one for Kotlin is not published as a package. */
export const OPENPANEL_GUIDE: SdkGuide = {
  id: 'openpanel',
  name: 'OpenPanel',
  platforms: {
    swift: {
      install: 'https://github.com/Openpanel-dev/swift-sdk',
      imports: ['import OpenPanel'],
      settings: 'OpenPanel.initialize(options: .init(clientId: "{key}", apiUrl: "{origin}"))',
      setup: '{settings}\nOpenPanel.identify(payload: IdentifyPayload(profileId: "user_123"))',
      event: 'OpenPanel.track(name: "Order Completed", properties: ["revenue": 9.99, "currency": "EUR"])',
    },
    react_native: {
      install: 'npx expo install @openpanel/react-native expo-application expo-constants',
      imports: ["import { OpenPanel } from '@openpanel/react-native';"],
      settings: "new OpenPanel({ apiUrl: '{origin}', clientId: '{key}' })",
      setup: "const op = {settings};\nop.identify({ profileId: 'user_123' });",
      event: "op.track('Order Completed', { revenue: 9.99, currency: 'EUR' });",
    },
    web: {
      install: 'npm install @openpanel/web',
      imports: ["import { OpenPanel } from '@openpanel/web';"],
      settings: "new OpenPanel({ apiUrl: '{origin}', clientId: '{key}' })",
      setup: "const op = {settings};\nop.identify({ profileId: 'user_123' });",
      event: "op.track('Order Completed', { revenue: 9.99, currency: 'EUR' });",
    },
    node: {
      install: 'npm install @openpanel/sdk',
      imports: ["import { OpenPanel } from '@openpanel/sdk';"],
      settings: "new OpenPanel({ apiUrl: '{origin}', clientId: '{key}' })",
      setup: 'const op = {settings};',
      event: "await op.track('Order Completed', { profileId: 'user_123', revenue: 9.99, currency: 'EUR' });",
    },
  },
  note: 'Every event needs a profileId: call identify first. If you set a clientSecret, set it to the client key too.',
  unsupported: '`increment`, `decrement`, groups and session replay.',
};
