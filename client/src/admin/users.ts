import type { StoredEvent } from '../api/events.ts';
import type { Page } from '../api/list.ts';
import type {
  EraseQuery,
  Erasure,
  TimelineQuery,
  UserApp,
  UserProfile,
  UserQuery,
  UserSummary,
} from '../api/users.ts';
import type { Caller, CallOptions } from './call.ts';
import { readPages } from './pagination.ts';

/** The people who use an app. */
export type Users = {
  /**
   * Returns a page of users, the latest seen first.
   * @example
   * ```ts
   * const { data } = await admin.users.list({ app_id: appId, search: 'user_', limit: 10 });
   * for (const { app_user_id, last_seen } of data) console.log(app_user_id, last_seen);
   * ```
   */
  list: (query?: UserQuery, options?: CallOptions) => Promise<Page<UserSummary>>;
  /**
   * Yields every user, the latest seen first.
   * @example
   * ```ts
   * for await (const { app_user_id, events } of admin.users.all({ app_id: appId })) console.log(app_user_id, events);
   * ```
   */
  all: (query?: UserQuery, options?: CallOptions) => AsyncGenerator<UserSummary, void, undefined>;
  /**
   * Returns the profile of a person by any of their IDs.
   * @example
   * ```ts
   * const { data } = await admin.users.list({ app_id: appId, limit: 1 });
   * const profile = await admin.users.get(data[0]?.app_user_id ?? '', { app_id: appId });
   * console.log(profile.ids, profile.properties);
   * ```
   */
  get: (id: string, query?: UserApp, options?: CallOptions) => Promise<UserProfile>;
  /**
   * Returns a page of all events of a person, newest first, sent with any of their IDs.
   * @example
   * ```ts
   * const { data } = await admin.users.timeline('user_123', { app_id: appId, limit: 20 });
   * for (const { event_name, timestamp } of data) console.log(timestamp, event_name);
   * ```
   */
  timeline: (id: string, query?: TimelineQuery, options?: CallOptions) => Promise<Page<StoredEvent>>;
  /**
   * Erases a person by any of their IDs. Usually done when it returns; if `status` is `pending`, follow it with `getErasure`.
   * @example
   * ```ts
   * const { status, erased } = await admin.users.erase('user_123', { app_id: 'all' });
   * console.log(status, erased.events);
   * ```
   */
  erase: (appUserId: string, query?: EraseQuery, options?: CallOptions) => Promise<Erasure>;
  /**
   * Returns how far an erasure is.
   * @example
   * ```ts
   * const { id } = await admin.users.erase('user_123', { app_id: 'all' });
   * console.log((await admin.users.getErasure(id)).status);
   * ```
   */
  getErasure: (id: string, options?: CallOptions) => Promise<Erasure>;
};

/** Returns the user operations. */
export function createUsers({ call }: Caller): Users {
  const list: Users['list'] = (query = {}, options) => call('users.list', { query, options });
  return {
    list,
    all: (query = {}, options) => readPages((page) => list(page, options), query),
    get: (id, query = {}, options) => call('users.get', { id, query, options }),
    timeline: (id, query = {}, options) => call('users.timeline', { id, query, options }),
    erase: (id, query = {}, options) => call('users.erase', { id, query, options }),
    getErasure: (id, options) => call('users.getErasure', { id, options }),
  };
}
