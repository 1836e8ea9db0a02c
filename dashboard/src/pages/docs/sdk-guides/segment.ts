import type { SdkGuide } from './sdk-guide.ts';

/** Segment's SDKs. */
export const SEGMENT_GUIDE: SdkGuide = {
  id: 'segment',
  name: 'Segment',
  platforms: {
    swift: {
      install: 'https://github.com/segmentio/analytics-swift',
      imports: ['import Segment'],
      settings: 'Configuration(writeKey: "{key}").apiHost("{host}/v1").cdnHost("{host}/v1")',
      setup: 'let analytics = Analytics(configuration: {settings})',
      event: 'analytics.track(name: "Order Completed", properties: ["revenue": 9.99, "currency": "EUR"])',
    },
    kotlin: {
      install: 'implementation("com.segment.analytics.kotlin:android:1.+")',
      imports: [
        'import com.segment.analytics.kotlin.android.Analytics',
        'import kotlinx.serialization.json.buildJsonObject',
        'import kotlinx.serialization.json.put',
      ],
      settings: 'Analytics("{key}", context) { apiHost = "{host}/v1"; cdnHost = "{host}/v1" }',
      setup: 'val analytics = {settings}',
      event:
        'analytics.track("Order Completed", buildJsonObject { put("revenue", 9.99); put("currency", "EUR") })',
    },
    flutter: {
      install: 'flutter pub add segment_analytics',
      imports: [
        "import 'package:segment_analytics/client.dart';",
        "import 'package:segment_analytics/state.dart';",
      ],
      settings: "Configuration('{key}', apiHost: '{host}/v1', cdnHost: '{host}/v1')",
      setup: 'final analytics = createClient({settings});',
      event: "analytics.track('Order Completed', properties: {'revenue': 9.99, 'currency': 'EUR'});",
    },
    react_native: {
      install: 'npm install @segment/analytics-react-native',
      imports: ["import { createClient } from '@segment/analytics-react-native';"],
      settings:
        "createClient({ writeKey: '{key}', proxy: '{origin}/v1', cdnProxy: '{origin}/v1', useSegmentEndpoints: true })",
      setup: 'const analytics = {settings};',
      event: "analytics.track('Order Completed', { revenue: 9.99, currency: 'EUR' });",
    },
    unity: {
      install: 'openupm add com.segment.analytics.csharp',
      installWhere: 'In a terminal, in the folder of the project:',
      imports: ['using Segment.Analytics;', 'using Segment.Serialization;'],
      settings: 'new Configuration("{key}", apiHost: "{host}/v1", cdnHost: "{host}/v1")',
      setup: 'var analytics = new Analytics({settings});',
      event:
        'analytics.Track("Order Completed", new JsonObject { ["revenue"] = 9.99, ["currency"] = "EUR" });',
    },
    web: {
      install: 'npm install @segment/analytics-next',
      imports: ["import { AnalyticsBrowser } from '@segment/analytics-next';"],
      settings: "AnalyticsBrowser.load({ writeKey: '{key}', cdnURL: '{origin}' })",
      setup: 'const analytics = {settings};',
      event: "analytics.track('Order Completed', { revenue: 9.99, currency: 'EUR' });",
    },
    node: {
      install: 'npm install @segment/analytics-node',
      imports: ["import { Analytics } from '@segment/analytics-node';"],
      settings: "new Analytics({ writeKey: '{key}', host: '{origin}' })",
      setup: 'const analytics = {settings};',
      event:
        "analytics.track({ userId: 'user_123', event: 'Order Completed', properties: { revenue: 9.99, currency: 'EUR' } });",
      end: 'await analytics.closeAndFlush();',
    },
  },
  note: 'The SDKs for Swift, Kotlin, Flutter, Unity and the web always use https. React Native needs version 2.20.4 or later.',
  unsupported: 'destinations, `group`, tracking plans.',
};
