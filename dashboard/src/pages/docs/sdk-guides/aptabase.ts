import type { SdkGuide } from './sdk-guide.ts';

/** Aptabase's SDKs. The one for Unity has its settings in an asset. */
export const APTABASE_GUIDE: SdkGuide = {
  id: 'aptabase',
  name: 'Aptabase',
  platforms: {
    swift: {
      install: 'https://github.com/aptabase/aptabase-swift',
      imports: ['import Aptabase'],
      settings: 'Aptabase.shared.initialize(appKey: "A-SH-{key}", with: InitOptions(host: "{origin}"))',
      setup: '{settings}',
      event: 'Aptabase.shared.trackEvent("Order Completed", with: ["revenue": 9.99, "currency": "EUR"])',
    },
    kotlin: {
      install: 'implementation("com.github.aptabase:aptabase-kotlin:0.0.8")',
      installWhere:
        'In build.gradle.kts, under dependencies, with JitPack (https://www.jitpack.io) among the repositories:',
      imports: ['import com.aptabase.Aptabase', 'import com.aptabase.InitOptions'],
      settings: 'Aptabase.instance.initialize(context, "A-SH-{key}", InitOptions(host = "{origin}"))',
      setup: '{settings}',
      event: 'Aptabase.instance.trackEvent("Order Completed", mapOf("revenue" to 9.99, "currency" to "EUR"))',
    },
    flutter: {
      install: 'flutter pub add aptabase_flutter',
      imports: ["import 'package:aptabase_flutter/aptabase_flutter.dart';"],
      settings: "Aptabase.init('A-SH-{key}', const InitOptions(host: '{origin}'))",
      setup: 'await {settings};',
      event: "Aptabase.instance.trackEvent('Order Completed', {'revenue': 9.99, 'currency': 'EUR'});",
    },
    react_native: {
      install: 'npm install @aptabase/react-native',
      imports: ["import { init, trackEvent } from '@aptabase/react-native';"],
      settings: "init('A-SH-{key}', { host: '{origin}' })",
      setup: '{settings};',
      event: "trackEvent('Order Completed', { revenue: 9.99, currency: 'EUR' });",
    },
    web: {
      install: 'npm install @aptabase/web',
      imports: ["import { init, trackEvent } from '@aptabase/web';"],
      settings: "init('A-SH-{key}', { host: '{origin}' })",
      setup: '{settings};',
      event: "trackEvent('Order Completed', { revenue: 9.99, currency: 'EUR' });",
    },
  },
  note: 'The SDKs send no user IDs, so each session counts as a user.',
  unsupported: 'error reports.',
};
