import { Type } from 'typebox';
import { type FieldError, validationFailed } from '../../api/errors.ts';
import { getKey } from '../../api/resources.ts';
import { defineRoute } from '../../api/route.ts';
import type { Directory } from '../../directory/directory.ts';
import type { Clock } from '../../lib/clock.ts';
import { DAY_MS, HOUR_MS } from '../../lib/durations.ts';
import { closedObject, component } from '../../lib/schema.ts';
import { parseTimestamp } from '../../lib/timestamp.ts';
import type { Usage } from './usage.ts';
import { USAGE_CATEGORIES } from './usage-tally.ts';

const DEFAULT_DAYS = 7;
const DAYS_MAX = 90;

const count = (description: string) => Type.Integer({ minimum: 0, description });

/** The hours of a key by category. `ok` counts requests that passed authentication, permission and limits, whatever the result. */
export const USAGE_JSON = component(
  'ApiKeyUsage',
  closedObject({
    data: Type.Array(
      closedObject({
        hour: Type.String({ format: 'date-time', description: 'Start of the hour.' }),
        category: Type.Enum([...USAGE_CATEGORIES], { description: 'The rate-limit category.' }),
        ok: count('Requests that passed authentication, permissions and limits, whatever their result.'),
        unauthorized: count('Requests that got 401.'),
        forbidden: count('Requests that got 403.'),
        limited: count('Requests that got 429.'),
      }),
      { description: 'Hours without requests are left out.' },
    ),
  }),
);

const instant = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }));

/** The query parameters of usage; by default the last seven days. */
export const USAGE_QUERY = closedObject({
  from: instant(`At or after this time (default: ${DEFAULT_DAYS} days before \`to\`).`),
  to: instant('Before this time (default: now).'),
});

/** Returns the requested range: the first millisecond of its first hour, and the one after its last. Throws 422. */
function parseRange(query: { from?: string; to?: string }, now: number): { from: number; to: number } {
  const to = query.to === undefined ? now + 1 : (parseTimestamp(query.to) ?? now + 1);
  const from = query.from === undefined ? to - DEFAULT_DAYS * DAY_MS : (parseTimestamp(query.from) ?? to);
  const mistake = (message: string): FieldError[] => [{ field: 'from', code: 'out_of_range', message }];
  if (from > to) throw validationFailed(mistake('from must not be after to.'));
  if (to - from > DAYS_MAX * DAY_MS + 1) {
    throw validationFailed(mistake(`from and to may lie at most ${DAYS_MAX} days apart.`));
  }
  return { from: from - (from % HOUR_MS), to };
}

/** Returns the usage of a key. */
export const usageRoute = defineRoute({
  method: 'GET',
  path: '/v1/api-keys/{id}/usage',
  operationId: 'getApiKeyUsage',
  summary: 'Get the usage of an API key',
  description: `Returns how many requests were made with an API key, by hour, rate-limit category and outcome. Covers at most ${DAYS_MAX} days.`,
  access: 'keys:read',
  limit: 'management',
  params: closedObject({ id: Type.String({ description: 'ID of the key.' }) }),
  query: USAGE_QUERY,
  answer: { status: 200, schema: USAGE_JSON },
  example: { params: { id: 'key_01K9ZV0Q6T4M8XJ2R5C7N3B1WD' } },
  async handle(services: { directory: Directory; usage: Usage; clock: Clock }, { caller, params, query }) {
    const key = getKey(services, caller, params.id);
    const { from, to } = parseRange(query, services.clock.now());
    const hours = await services.usage.listHours(key.id, from, to);
    return {
      data: hours.map(({ hour, category, ...counts }) => ({
        hour: new Date(hour).toISOString(),
        category: USAGE_CATEGORIES.find((known) => known === category) ?? 'management',
        ...counts,
      })),
    };
  },
});
