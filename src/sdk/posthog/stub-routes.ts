import { Type } from 'typebox';
import { defineRoute } from '../../api/route.ts';
import { closedObject, component } from '../../lib/schema.ts';
import { POSTHOG } from './dialect.ts';

// Appflow has no feature flags, recordings or surveys. Without these answers, SDKs wait for them or report errors.

const NEVER = (description: string) => Type.Literal(false, { description });
const EMPTY = (description: string) => closedObjectWith(description);

function closedObjectWith(description: string) {
  return Type.Object({}, { additionalProperties: false, description });
}

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

const configRoute = defineRoute({
  method: 'GET',
  path: '/array/{write_key}/config',
  operationId: 'getPostHogConfig',
  summary: 'Get PostHog settings',
  description: 'The same for every client key: events are collected, everything else is off.',
  access: 'events:write',
  limit: 'events',
  cors: 'any_origin',
  dialect: POSTHOG,
  params: closedObject({ write_key: Type.String({ description: 'The client key.' }) }),
  query: Type.Object({}),
  answer: { status: 200, schema: CONFIG },
  example: { params: { write_key: 'ck_af1_…' } },
  handle: () => ({
    hasFeatureFlags: false as const,
    sessionRecording: false as const,
    surveys: false as const,
    errorTracking: false as const,
    capturePerformance: false as const,
    supportedCompression: ['gzip', 'gzip-js'],
  }),
});

const FLAGS = component(
  'PostHogFlags',
  closedObject({
    flags: EMPTY('Always empty.'),
    featureFlags: EMPTY('Always empty.'),
    featureFlagPayloads: EMPTY('Always empty.'),
    errorsWhileComputingFlags: NEVER('Always `false`.'),
    requestId: Type.String({ description: 'Always `none`.' }),
    evaluatedAt: Type.Integer({ description: 'Always 1.' }),
  }),
  { description: 'No feature flags.' },
);

const flagsRoute = defineRoute({
  method: 'POST',
  path: '/flags',
  aliases: ['/flags/', '/decide', '/decide/'].map((path) => ({ method: 'POST', path })),
  operationId: 'getPostHogFlags',
  summary: 'Get PostHog feature flags, which are always empty',
  description:
    'Feature flags are not supported: every SDK gets none. The body is not read. Also at `/decide`.',
  access: 'public',
  limit: 'events',
  cors: 'any_origin',
  query: Type.Object({}),
  answer: { status: 200, isConstant: true, schema: FLAGS },
  handle: () => ({
    flags: {},
    featureFlags: {},
    featureFlagPayloads: {},
    errorsWhileComputingFlags: false as const,
    requestId: 'none',
    evaluatedAt: 1,
  }),
});

/** What PostHog's SDKs ask for besides sending events. */
export const stubRoutes = [configRoute, flagsRoute];
