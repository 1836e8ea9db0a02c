import type { SdkGuide } from './sdk-guide.ts';

/** RudderStack's SDKs. All but the one for Node load their settings from the second address. */
export const RUDDERSTACK_GUIDE: SdkGuide = {
  id: 'rudderstack',
  name: 'RudderStack',
  platforms: {
    swift: {
      install: 'https://github.com/rudderlabs/rudder-sdk-swift',
      imports: ['import RudderStackAnalytics'],
      settings: 'Configuration(writeKey: "{key}", dataPlaneUrl: "{origin}", controlPlaneUrl: "{origin}")',
      setup: 'let analytics = Analytics(configuration: {settings})',
      event: 'analytics.track(name: "Order Completed", properties: ["revenue": 9.99, "currency": "EUR"])',
    },
    kotlin: {
      install: 'implementation("com.rudderstack.sdk.kotlin:android:1.+")',
      imports: [
        'import com.rudderstack.sdk.kotlin.android.Analytics',
        'import com.rudderstack.sdk.kotlin.android.Configuration',
        'import kotlinx.serialization.json.buildJsonObject',
        'import kotlinx.serialization.json.put',
      ],
      settings:
        'Configuration(application = this, writeKey = "{key}", dataPlaneUrl = "{origin}", controlPlaneUrl = "{origin}")',
      setup: 'val analytics = Analytics(configuration = {settings})',
      event:
        'analytics.track("Order Completed", buildJsonObject { put("revenue", 9.99); put("currency", "EUR") })',
    },
    flutter: {
      install: 'flutter pub add rudder_sdk_flutter rudder_sdk_flutter_platform_interface',
      imports: [
        "import 'package:rudder_sdk_flutter/RudderController.dart';",
        "import 'package:rudder_sdk_flutter_platform_interface/platform.dart';",
      ],
      settings:
        "RudderController.instance.initialize('{key}', config: RudderConfigBuilder().withDataPlaneUrl('{origin}').withControlPlaneUrl('{origin}').build())",
      setup: '{settings};',
      event:
        "RudderController.instance.track('Order Completed', properties: RudderProperty()..put('revenue', 9.99)..put('currency', 'EUR'));",
    },
    react_native: {
      install: 'npm install @rudderstack/rudder-sdk-react-native',
      imports: ["import rudderClient from '@rudderstack/rudder-sdk-react-native';"],
      settings: "rudderClient.setup('{key}', { dataPlaneUrl: '{origin}', controlPlaneUrl: '{origin}' })",
      setup: 'await {settings};',
      event: "rudderClient.track('Order Completed', { revenue: 9.99, currency: 'EUR' });",
    },
    unity: {
      install: 'https://github.com/rudderlabs/rudder-sdk-unity/raw/master/SDK/rudder-sdk-unity.unitypackage',
      installWhere: 'Download this file. In Unity, choose Assets › Import Package › Custom Package:',
      imports: ['using RudderStack;'],
      settings:
        'RudderClient.GetInstance("{key}", new RudderConfigBuilder().WithDataPlaneUrl("{origin}").WithControlPlaneUrl("{origin}").Build())',
      setup: 'RudderClient rudder = {settings};',
      event:
        'rudder.Track(new RudderMessageBuilder().WithEventName("Order Completed").WithEventProperty("revenue", 9.99).WithEventProperty("currency", "EUR").Build());',
    },
    web: {
      install: 'npm install @rudderstack/analytics-js',
      imports: ["import { RudderAnalytics } from '@rudderstack/analytics-js/bundled';"],
      settings: "rudder.load('{key}', '{origin}', { configUrl: '{origin}' })",
      setup: 'const rudder = new RudderAnalytics();\n{settings};',
      event: "rudder.track('Order Completed', { revenue: 9.99, currency: 'EUR' });",
    },
    node: {
      install: 'npm install @rudderstack/rudder-sdk-node',
      imports: ["import RudderAnalytics from '@rudderstack/rudder-sdk-node';"],
      settings: "new RudderAnalytics('{key}', { dataPlaneUrl: '{origin}', errorHandler: console.error })",
      setup: 'const rudder = {settings};',
      event:
        "rudder.track({ userId: 'user_123', event: 'Order Completed', properties: { revenue: 9.99, currency: 'EUR' } });",
      end: 'await rudder.flush();',
    },
  },
  unsupported: 'destinations, transformations, `group`.',
};
