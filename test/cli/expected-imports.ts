/** What a file becomes: accepted events, some of them by ID, the person user_1 in the end, and what the dry run says. */
export type ExpectedImport = {
  accepted: number;
  rejected?: number;
  events: Record<string, object>;
  ids: string[];
  properties: object;
  dry: object;
};

/** The files in test/fixtures/exports, each in the format that the vendor documents. */
export const EXPECTED_IMPORTS: Record<string, ExpectedImport> = {
  'posthog.jsonl': {
    accepted: 7,
    rejected: 3,
    events: {
      '018e0000-0000-7000-8000-000000000001': {
        event_name: 'app_install',
        app_user_id: 'anon-1',
        session_id: 's-1',
        timestamp: '2024-03-01T10:00:00.123Z',
        properties: { $original_name: 'Application Installed' },
        context: {
          platform: 'ios',
          os_version: '17.4',
          app_version: '2.4.0',
          country: 'DE',
          device_model: 'iPhone15,2',
          locale: 'de-DE',
          sdk: 'posthog-ios/3.2.0',
        },
      },
      '018e0000-0000-7000-8000-000000000003': {
        event_name: 'order_completed',
        app_user_id: 'user_1',
        revenue: '9.99',
        currency: 'EUR',
      },
    },
    ids: ['anon-1', 'user_1'],
    properties: { plan: 'pro', email: 'ann@example.com' },
    dry: {
      lines: 9,
      rows: 7,
      events: 3,
      links: 1,
      user_property_updates: 3,
      user_properties: { plan: 3, email: 1 },
      session_marks: 0,
      ignored: 1,
      ignored_by_name: { $feature_flag_called: 1 },
      names: [
        { from: 'Application Installed', to: 'app_install', events: 1 },
        { from: 'Order Completed', to: 'order_completed', events: 1 },
        { from: 'order_completed', to: 'order_completed', events: 1 },
      ],
      merged: [{ name: 'order_completed', from: ['Order Completed', 'order_completed'] }],
      people: 1,
      first: '2024-03-01T10:00:00.123Z',
      last: '2024-03-02T10:00:00.000Z',
      rejected: 3,
    },
  },
  'posthog.csv': {
    accepted: 3,
    events: {
      '018e0000-0000-7000-8000-000000000011': {
        event_name: 'plan_chosen',
        properties: { plan: 'pro', note: 'with a comma, and "quotes"', $original_name: 'Plan Chosen' },
      },
      '018e0000-0000-7000-8000-000000000012': {
        event_name: 'page_view',
        timestamp: '2024-03-01T10:01:00.000Z',
      },
    },
    ids: ['user_1'],
    properties: { plan: 'pro' },
    dry: { lines: 4, rows: 2, events: 2, user_property_updates: 1, people: 1 },
  },
  'segment.jsonl': {
    accepted: 3,
    events: {
      'm-1': { event_name: '$identify', app_user_id: 'user_1', timestamp: '2024-03-01T10:00:00.000Z' },
      'm-2': {
        event_name: 'order_completed',
        app_user_id: 'user_1',
        revenue: '9.99',
        currency: 'EUR',
        context: {
          platform: 'ios',
          os_version: '17.4',
          app_version: '2.4.0',
          country: 'US',
          locale: 'en-US',
          sdk: 'analytics-swift/1.5.0',
        },
      },
    },
    ids: ['anon-1', 'user_1'],
    properties: { plan: 'pro' },
    dry: {
      rows: 4,
      events: 2,
      links: 1,
      user_property_updates: 1,
      ignored: 1,
      ignored_by_name: { group: 1 },
      names: [
        { from: 'Order Completed', to: 'order_completed', events: 1 },
        { from: 'screen', to: 'screen_view', events: 1 },
      ],
    },
  },
  'amplitude.jsonl': {
    accepted: 6,
    events: {
      '00000000-0000-4000-8000-000000000001': {
        event_name: 'logged_in',
        app_user_id: 'D-1',
        timestamp: '2024-03-01T10:00:00.078Z',
        context: {
          platform: 'ios',
          os_version: '17.6.1',
          app_version: '2.4.0',
          country: 'DE',
          locale: 'English',
          device_model: 'Apple iPhone 12 Mini',
          sdk: 'amplitude-ios/8.1.0',
        },
      },
      '00000000-0000-4000-8000-000000000002': {
        app_user_id: 'user_1',
        session_id: '1709287200000',
        revenue: '3',
        properties: { product_id: 'pro', quantity: 2, revenue: '3' },
      },
      '00000000-0000-4000-8000-000000000003': { event_name: 'app_open' },
    },
    ids: ['D-1', 'user_1'],
    properties: { plan: 'pro' },
    dry: {
      rows: 4,
      events: 3,
      links: 1,
      user_property_updates: 2,
      user_properties: { plan: 2 },
      ignored: 1,
      ignored_by_name: { $identify: 1 },
    },
  },
  'mixpanel.jsonl': {
    accepted: 5,
    events: {
      hpuDqcvpltpCjBsebtxwadtEBDnFAdycabFb: {
        event_name: 'app_opened',
        app_user_id: '$device:x-1',
        timestamp: '2024-03-01T10:00:00.000Z',
        context: { platform: 'ios', app_version: '2.4.0', country: 'DE', sdk: 'mixpanel-swift/4.2.0' },
      },
      'ins-2': { event_name: 'purchase', app_user_id: 'user_1', revenue: '9.99', currency: 'EUR' },
      'ins-4': {
        event_name: '$identify',
        app_user_id: 'user_1',
        properties: { anonymous_id: '$device:x-2' },
      },
    },
    ids: ['$device:x-1', '$device:x-2', 'user_1'],
    properties: { $email: 'ann@example.com', $last_seen: '2024-03-01T11:00:00', plan: 'pro' },
    dry: { rows: 5, events: 2, links: 2, ignored_by_name: { $mp_session_record: 1 } },
  },
  'openpanel.jsonl': {
    accepted: 4,
    events: {
      '018e0000-0000-7000-8000-000000000021': {
        event_name: 'screen_view',
        app_user_id: 'd-1',
        session_id: 's-1',
        properties: { path: '/home', browser: 'Mobile Safari', city: 'Berlin' },
      },
      '018e0000-0000-7000-8000-000000000022': {
        event_name: 'plan_chosen',
        app_user_id: 'user_1',
        revenue: '9.99',
        context: { platform: 'ios', country: 'DE' },
      },
      '018e0000-0000-7000-8000-000000000023': {
        event_name: '$session_end',
        properties: { duration: 120_000 },
      },
    },
    ids: ['d-1', 'user_1'],
    properties: {},
    dry: { lines: 1, rows: 3, events: 2, links: 1, session_marks: 1, people: 1 },
  },
  'openpanel.table.jsonl': {
    accepted: 2,
    events: {
      '018e0000-0000-7000-8000-000000000031': {
        event_name: 'plan_chosen',
        timestamp: '2024-03-01T10:01:00.000Z',
        context: {
          platform: 'ios',
          os_version: '17.4',
          app_version: '2.4.0',
          country: 'DE',
          sdk: 'openpanel-react-native/1.0.0',
        },
      },
    },
    ids: ['d-1', 'user_1'],
    properties: {},
    dry: { lines: 1, rows: 1, events: 1, links: 1 },
  },
  'umami.csv': {
    accepted: 3,
    events: {
      '44444444-4444-4444-8444-000000000001': {
        event_name: 'page_view',
        app_user_id: '22222222-2222-4222-8222-222222222222',
        session_id: '33333333-3333-4333-8333-333333333333',
        timestamp: '2024-03-01T10:00:00.000Z',
        context: { platform: 'ios', country: 'DE', locale: 'de-DE' },
      },
      '44444444-4444-4444-8444-000000000002': { event_name: 'signup_button', app_user_id: 'user_1' },
    },
    ids: ['22222222-2222-4222-8222-222222222222', 'user_1'],
    properties: {},
    dry: {
      lines: 3,
      rows: 2,
      events: 2,
      links: 1,
      names: [
        { from: 'page view', to: 'page_view', events: 1 },
        { from: 'Signup Button', to: 'signup_button', events: 1 },
      ],
    },
  },
};
