import { Type } from 'typebox';
import { toUnpagedList, unpagedListOf } from '../api/list.ts';
import { defineRoute } from '../api/route.ts';
import { closedObject, component } from '../lib/schema.ts';
import { KEPT_DAYS } from './count-store.ts';
import { findAppLimit, INGESTION_FILTERS, type IngestionServices } from './counts-route.ts';
import { COLLIDING_NAMES_MAX, COLLISIONS_MAX, type CollidingName, type NameCollision } from './name-store.ts';
import { NAMES_PER_APP } from './name-tally.ts';

/** The query parameters of name collisions. */
export const COLLISIONS_QUERY = closedObject({ app_id: INGESTION_FILTERS.app_id });

/** A collision as the API returns it. */
export const COLLISION_JSON = component(
  'NameCollision',
  closedObject({
    event_name: Type.String({ description: 'The name that the events are stored under.' }),
    events: Type.Integer({ description: 'Events counted with these names; a lower bound.' }),
    name_count: Type.Integer({ minimum: 2, description: 'How many names were sent for it.' }),
    names: Type.Array(
      closedObject({
        name: Type.String({ description: 'The name as it was sent.' }),
        events: Type.Integer({ description: 'Events with this name.' }),
        first_at: Type.String({ format: 'date-time', description: 'When it was first received.' }),
        last_at: Type.String({ format: 'date-time', description: 'When it was last received.' }),
      }),
      { description: `The ${COLLIDING_NAMES_MAX} most frequent ones.` },
    ),
  }),
  {
    description: 'Different names that became the same one.',
    examples: [
      {
        event_name: 'order_completed',
        events: 1_237,
        name_count: 2,
        names: [
          {
            name: 'Order Completed',
            events: 1_204,
            first_at: '2026-11-01T08:12:44.102Z',
            last_at: '2026-11-22T10:00:05.000Z',
          },
          {
            name: 'order-completed',
            events: 33,
            first_at: '2026-11-20T15:30:00.000Z',
            last_at: '2026-11-22T09:41:17.530Z',
          },
        ],
      },
    ],
  },
);

/** Returns the names of events that became the same name. */
export const collisionsRoute = defineRoute({
  method: 'GET',
  path: '/v1/ingestion/name-collisions',
  operationId: 'listNameCollisions',
  summary: 'List colliding event names',
  description: `Returns the stored event names that combine several sent names, such as \`Order Completed\` and \`order-completed\`, which both become \`order_completed\`: at most ${COLLISIONS_MAX}, those of the most events first. Only names that were normalized are compared, as they are for other vendors' SDKs and with \`normalize_names\`. Names that SDKs send by themselves do not collide with each other.

A name is kept for ${KEPT_DAYS} days after it was last received; of each app, at most ${NAMES_PER_APP.toLocaleString('en')}: beyond that, names that collide with no other go first, then those not received for longest. Names of deleted apps are left out.

A key that is restricted to some apps gets what collides in these apps.`,
  access: 'analytics:read',
  limit: 'analytics',
  app: { from: 'query', required: false, acceptsAll: true },
  query: COLLISIONS_QUERY,
  answer: { status: 200, schema: component('NameCollisionList', unpagedListOf(COLLISION_JSON)) },
  async handle({ ingestion }: IngestionServices, { caller, app, query }) {
    const filter = { projectId: caller.project.id, appIds: findAppLimit(caller, app, query) };
    const collisions = await ingestion.listCollisions(filter);
    return toUnpagedList(collisions.map(toCollisionJson));
  },
});

const toCollisionJson = ({ eventName, events, nameCount, names }: NameCollision) => ({
  event_name: eventName,
  events,
  name_count: nameCount,
  names: names.map(toNameJson),
});

const toNameJson = ({ name, events, firstAt, lastAt }: CollidingName) => ({
  name,
  events,
  first_at: new Date(firstAt).toISOString(),
  last_at: new Date(lastAt).toISOString(),
});
