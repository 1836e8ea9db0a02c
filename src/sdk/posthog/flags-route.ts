import { Type } from 'typebox';
import { defineRoute } from '../../api/route.ts';
import { closedObject, component } from '../../lib/schema.ts';

const EMPTY = Type.Object({}, { additionalProperties: false, description: 'Always empty.' });

const FLAGS = component(
  'PostHogFlags',
  closedObject({
    flags: EMPTY,
    featureFlags: EMPTY,
    featureFlagPayloads: EMPTY,
    errorsWhileComputingFlags: Type.Literal(false, { description: 'Always `false`.' }),
    requestId: Type.String({ description: 'Always `none`.' }),
    evaluatedAt: Type.Integer({ description: 'Always 1.' }),
  }),
  { description: 'No feature flags.' },
);

/** What PostHog's SDKs ask for feature flags. Appflow has none; without an answer, SDKs wait for them or report errors. */
export const flagsRoute = defineRoute({
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
