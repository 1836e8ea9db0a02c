import { type Static, Type } from 'typebox';
import { closedObject, component, nullable } from '../lib/schema.ts';

const time = (description: string) => Type.String({ format: 'date-time', description });
const count = (description: string) => Type.Integer({ minimum: 0, description });

const CONTEXT = {
  app_version: nullable(Type.String({ description: 'Version of the app.' })),
  country: nullable(Type.String({ description: 'ISO 3166 code of the country.' })),
  platform: nullable(Type.String({ description: 'Such as `ios`.' })),
};

const LAST = component('UserLast', closedObject(CONTEXT), {
  description: 'The latest value of each that is not empty.',
});
const FIRST = component('UserFirst', closedObject(CONTEXT), {
  description: 'The first value of each that is not empty.',
});

const ACTIVITY = {
  events: count('Events, without those whose names start with `$`.'),
  sessions: count('Sessions.'),
  revenue_by_currency: Type.Record(Type.String(), Type.String(), {
    description: 'Exact decimals, by ISO 4217 code.',
  }),
};

const ID = Type.String({ description: 'The ID of the person: the last of its linked IDs.' });

/** A user of the list. */
export const USER_SUMMARY = component(
  'UserSummary',
  closedObject({
    app_user_id: ID,
    first_seen: time('Time of the first event.'),
    last_seen: time('Time of the latest event.'),
    ...ACTIVITY,
    last: LAST,
  }),
  { description: 'A person who uses an app.' },
);

/** The profile of a user. */
export const USER_PROFILE = component(
  'UserProfile',
  closedObject({
    app_user_id: ID,
    ids: Type.Array(Type.String(), {
      description: 'All IDs of the person, `app_user_id` first; at most 1,000 of those that are linked to it.',
    }),
    first_seen: nullable(time('Time of the first event; null if there are only reserved events.')),
    last_seen: nullable(time('Time of the latest event.')),
    ...ACTIVITY,
    first: FIRST,
    last: LAST,
    properties: Type.Record(Type.String(), Type.Unknown(), {
      description: 'The current user properties, set by `$set` and `$set_once`.',
    }),
    link_conflicts: count(
      'Links from an ID of this person to someone else. They have no effect, because an ID keeps its earliest link.',
    ),
  }),
  { description: 'What is known about a person.' },
);

/** A user of the list, in the API. */
export type UserSummary = Static<typeof USER_SUMMARY>;

/** The profile of a user, in the API. */
export type UserProfile = Static<typeof USER_PROFILE>;
