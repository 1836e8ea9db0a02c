import { Type } from 'typebox';
import { defineRoute } from '../../api/route.ts';
import { closedObject, component } from '../../lib/schema.ts';
import { POSTHOG } from './dialect.ts';

// Everything but events is off. Without these answers, SDKs wait for their settings or report errors.

const NEVER = (description: string) => Type.Literal(false, { description });

const CONFIG = component(
  'PostHogConfig',
  closedObject({
    hasFeatureFlags: NEVER('Feature flags are not supported.'),
    sessionRecording: NEVER('Recordings are not supported.'),
    surveys: NEVER('Surveys are not supported.'),
    errorTracking: NEVER('Error tracking is not supported.'),
    capturePerformance: NEVER('Performance measurements are not supported.'),
    supportedCompression: Type.Array(Type.String(), { description: 'What a body may be compressed with.' }),
  }),
  { description: "The settings that PostHog's SDKs load when they start." },
);

const SETTINGS = {
  hasFeatureFlags: false as const,
  sessionRecording: false as const,
  surveys: false as const,
  errorTracking: false as const,
  capturePerformance: false as const,
  supportedCompression: ['gzip', 'gzip-js'],
};

const COMMON = {
  method: 'GET',
  access: 'events:write',
  limit: 'events',
  cors: 'any_origin',
  dialect: POSTHOG,
  params: closedObject({ write_key: Type.String({ description: 'The client key.' }) }),
  query: Type.Object({}),
  example: { params: { write_key: 'ck_af1_…' } },
} as const;

const jsonRoute = defineRoute({
  ...COMMON,
  path: '/array/{write_key}/config',
  operationId: 'getPostHogConfig',
  summary: 'Get PostHog settings',
  description: 'The same for every client key: events are collected, everything else is off.',
  answer: { status: 200, schema: CONFIG },
  handle: () => SETTINGS,
});

const scriptRoute = defineRoute({
  ...COMMON,
  path: '/array/{write_key}/config.js',
  operationId: 'getPostHogConfigScript',
  summary: 'Get PostHog settings as a script',
  description: "The same settings as a script, which PostHog's SDK for browsers loads.",
  answer: {
    status: 200,
    schema: Type.String({ description: 'Sets the settings of the key.' }),
    contentType: 'text/javascript; charset=utf-8',
    revealsKey: true,
  },
  handle: (_services: object, { sent }) => toScript(sent?.key ?? ''),
});

/** Returns the script that the SDK reads its settings from, by its key: only a verified one, which has nothing to escape. */
function toScript(key: string): string {
  const settings = JSON.stringify({ config: { token: key, ...SETTINGS }, siteApps: [] });
  return `(window._POSTHOG_REMOTE_CONFIG = window._POSTHOG_REMOTE_CONFIG || {})[${JSON.stringify(key)}] = ${settings};\n`;
}

/** The settings of PostHog's SDKs. */
export const configRoutes = [jsonRoute, scriptRoute];
