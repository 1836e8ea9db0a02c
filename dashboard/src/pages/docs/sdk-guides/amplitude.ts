import type { SdkGuide } from './sdk-guide.ts';

/** Amplitude's SDKs. The one for Unity speaks an older protocol. */
export const AMPLITUDE_GUIDE: SdkGuide = {
  id: 'amplitude',
  name: 'Amplitude',
  platforms: {
    swift: {
      install: 'https://github.com/amplitude/Amplitude-Swift',
      imports: ['import AmplitudeSwift'],
      settings: 'Configuration(apiKey: "{key}", serverUrl: "{origin}/2/httpapi")',
      setup: 'let amplitude = Amplitude(configuration: {settings})',
      event:
        'amplitude.track(eventType: "Order Completed", eventProperties: ["revenue": 9.99, "currency": "EUR"])',
    },
    kotlin: {
      install: 'implementation("com.amplitude:analytics-android:1.+")',
      imports: ['import com.amplitude.android.Amplitude', 'import com.amplitude.android.Configuration'],
      settings: 'Configuration(apiKey = "{key}", context = context, serverUrl = "{origin}/2/httpapi")',
      setup: 'val amplitude = Amplitude({settings})',
      event:
        'amplitude.track("Order Completed", mutableMapOf<String, Any?>("revenue" to 9.99, "currency" to "EUR"))',
    },
    flutter: {
      install: 'flutter pub add amplitude_flutter',
      imports: [
        "import 'package:amplitude_flutter/amplitude.dart';",
        "import 'package:amplitude_flutter/configuration.dart';",
        "import 'package:amplitude_flutter/events/base_event.dart';",
      ],
      settings: "Configuration(apiKey: '{key}', serverUrl: '{origin}/2/httpapi')",
      setup: 'final amplitude = Amplitude({settings});',
      event:
        "amplitude.track(BaseEvent('Order Completed', eventProperties: {'revenue': 9.99, 'currency': 'EUR'}));",
    },
    react_native: {
      install: 'npm install @amplitude/analytics-react-native',
      imports: ["import { init, track } from '@amplitude/analytics-react-native';"],
      settings: "init('{key}', undefined, { serverUrl: '{origin}/2/httpapi' })",
      setup: '{settings};',
      event: "track('Order Completed', { revenue: 9.99, currency: 'EUR' });",
    },
    web: {
      install: 'npm install @amplitude/analytics-browser',
      imports: ["import { init, track } from '@amplitude/analytics-browser';"],
      settings: "init('{key}', { serverUrl: '{origin}/2/httpapi' })",
      setup: '{settings};',
      event: "track('Order Completed', { revenue: 9.99, currency: 'EUR' });",
    },
    node: {
      install: 'npm install @amplitude/analytics-node',
      imports: ["import { init, track } from '@amplitude/analytics-node';"],
      settings: "init('{key}', { serverUrl: '{origin}/2/httpapi' })",
      setup: 'await {settings}.promise;',
      event:
        "await track('Order Completed', { revenue: 9.99, currency: 'EUR' }, { user_id: 'user_123' }).promise;",
    },
  },
  unsupported:
    'experiments, session replay, groups, and operations on user properties other than `$set`, `$setOnce` and `$unset`.',
};
