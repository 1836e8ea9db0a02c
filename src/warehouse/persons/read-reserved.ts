import { parseToRewrite } from '../../lib/exact-json.ts';
import type { EventRow } from '../event-row.ts';
import type { Link } from './resolve-links.ts';

/** The reserved events that say something about a user, as opposed to the session marks. */
export const PERSON_EVENTS = ['$identify', '$set'] as const;

/** The columns of an event that `readLink` and `readUserProperties` use. */
export type ReservedEvent = Pick<
  EventRow,
  | 'project_id'
  | 'app_id'
  | 'event_id'
  | 'event_name'
  | 'app_user_id'
  | 'timestamp'
  | 'received_at'
  | 'properties'
  | 'verified'
>;

/** A row of `user_properties` in the order of USER_PROPERTY_COLUMNS; times are epoch milliseconds, `value` is JSON. */
export type UserPropertyRow = [
  projectId: string,
  appId: string,
  appUserId: string,
  name: string,
  isOnce: 0 | 1,
  timestamp: number,
  receivedAt: number,
  eventId: string,
  verified: 0 | 1,
  value: string,
];

/** The columns of a UserPropertyRow. */
export const USER_PROPERTY_COLUMNS =
  'project_id, app_id, app_user_id, name, is_once, timestamp, received_at, event_id, verified, value';

/** Whether an event may link IDs or set properties of a user. */
export const isPersonEvent = (event: Pick<EventRow, 'event_name'>): boolean =>
  PERSON_EVENTS.some((name) => name === event.event_name);

/** Returns the link of an event; undefined if it is no `$identify`, or if it links an ID to itself, which has no effect. */
export function readLink(event: ReservedEvent): Link | undefined {
  if (event.event_name !== '$identify') return undefined;
  const { anonymous_id } = readProperties(event);
  const appUserId = event.app_user_id.toWellFormed();
  if (typeof anonymous_id !== 'string' || anonymous_id === '' || anonymous_id === appUserId) return undefined;
  const { timestamp, event_id: eventId, verified } = event;
  return { anonymousId: anonymous_id, appUserId, timestamp, eventId, verified };
}

/** Returns what an event says about properties of its user: each name of its `$set` and of its `$set_once`. */
export function readUserProperties(event: ReservedEvent): UserPropertyRow[] {
  if (!isPersonEvent(event)) return [];
  const { $set, $set_once } = readProperties(event);
  const toRows = (values: unknown, isOnce: 0 | 1) =>
    Object.entries(typeof values === 'object' && !Array.isArray(values) ? (values ?? {}) : {}).map(
      ([name, value]): UserPropertyRow => [
        event.project_id,
        event.app_id,
        event.app_user_id.toWellFormed(),
        name,
        isOnce,
        event.timestamp,
        event.received_at,
        event.event_id,
        event.verified,
        JSON.stringify(value),
      ],
    );
  return [...toRows($set, 0), ...toRows($set_once, 1)];
}

/** The event was validated before it was stored, so its properties are an object. */
const readProperties = ({ properties }: ReservedEvent) =>
  parseToRewrite(properties) as Record<string, unknown>;
