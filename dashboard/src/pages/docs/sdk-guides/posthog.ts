import type { SdkGuide } from './sdk-guide.ts';

/** PostHog's SDKs. */
export const POSTHOG_GUIDE: SdkGuide = {
  id: 'posthog',
  name: 'PostHog',
  platforms: {
    swift: {
      install: 'https://github.com/PostHog/posthog-ios',
      imports: ['import PostHog'],
      settings: 'PostHogConfig(apiKey: "{key}", host: "{origin}")',
      setup: 'PostHogSDK.shared.setup({settings})',
      event: 'PostHogSDK.shared.capture("Order Completed", properties: ["revenue": 9.99, "currency": "EUR"])',
    },
    kotlin: {
      install: 'implementation("com.posthog:posthog-android:3.+")',
      imports: [
        'import com.posthog.PostHog',
        'import com.posthog.android.PostHogAndroid',
        'import com.posthog.android.PostHogAndroidConfig',
      ],
      settings: 'PostHogAndroidConfig(apiKey = "{key}", host = "{origin}")',
      setup: 'PostHogAndroid.setup(context, {settings})',
      event: 'PostHog.capture("Order Completed", properties = mapOf("revenue" to 9.99, "currency" to "EUR"))',
    },
    flutter: {
      install: 'flutter pub add posthog_flutter',
      imports: ["import 'package:posthog_flutter/posthog_flutter.dart';"],
      settings: "PostHogConfig('{key}')..host = '{origin}'",
      setup: 'await Posthog().setup({settings});',
      event:
        "await Posthog().capture(eventName: 'Order Completed', properties: {'revenue': 9.99, 'currency': 'EUR'});",
    },
    react_native: {
      install: 'npm install posthog-react-native',
      imports: ["import PostHog from 'posthog-react-native';"],
      settings: "new PostHog('{key}', { host: '{origin}' })",
      setup: 'const posthog = {settings};',
      event: "posthog.capture('Order Completed', { revenue: 9.99, currency: 'EUR' });",
    },
    unity: {
      install: 'https://github.com/PostHog/posthog-unity.git?path=com.posthog.unity',
      imports: ['using System.Collections.Generic;', 'using PostHogUnity;'],
      settings: 'new PostHogConfig { ApiKey = "{key}", Host = "{origin}" }',
      setup: 'PostHog.Setup({settings});',
      event:
        'PostHog.Capture("Order Completed", new Dictionary<string, object> { { "revenue", 9.99 }, { "currency", "EUR" } });',
    },
    web: {
      install: 'npm install posthog-js',
      imports: ["import posthog from 'posthog-js';"],
      settings: "posthog.init('{key}', { api_host: '{origin}' })",
      setup: '{settings};',
      event: "posthog.capture('Order Completed', { revenue: 9.99, currency: 'EUR' });",
    },
    node: {
      install: 'npm install posthog-node',
      imports: ["import { PostHog } from 'posthog-node';"],
      settings: "new PostHog('{key}', { host: '{origin}' })",
      setup: 'const posthog = {settings};',
      event:
        "posthog.capture({ distinctId: 'user_123', event: 'Order Completed', properties: { revenue: 9.99, currency: 'EUR' } });",
      end: 'await posthog.shutdown();',
    },
  },
  unsupported:
    'feature flags (every SDK gets none), recordings, surveys, experiments, groups, error tracking.',
};
