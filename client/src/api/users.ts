import type { PageQuery } from './list.ts';

/** The app of a user, or `all` for all apps of the key; required if there are several. */
export type UserApp = { app_id?: string };

/** Which users; lists match any of their values. `search` is the beginning of an ID, `user_property` is `NAME:VALUE`. */
export type UserQuery = UserApp &
  PageQuery & {
    search?: string;
    platform?: string[];
    country?: string[];
    app_version?: string[];
    user_property?: string[];
  };

export type TimelineQuery = UserApp & PageQuery;

/** The first or latest value of each that is not empty. */
export type UserContext = { app_version: string | null; country: string | null; platform: string | null };

/** A person of the list; `app_user_id` is the last of the linked IDs. */
export type UserSummary = {
  app_user_id: string;
  first_seen: string;
  last_seen: string;
  events: number;
  sessions: number;
  revenue_by_currency: Record<string, string>;
  last: UserContext;
};

/** What is known about a person; `ids` are all linked IDs. */
export type UserProfile = {
  app_user_id: string;
  ids: string[];
  first_seen: string | null;
  last_seen: string | null;
  events: number;
  sessions: number;
  revenue_by_currency: Record<string, string>;
  first: UserContext;
  last: UserContext;
  properties: Record<string, unknown>;
  link_conflicts: number;
};

/** A request to erase a person; it contains no ID of the person. */
export type Erasure = {
  id: string;
  status: 'pending' | 'done';
  app_ids: string[];
  erased: { events: number; app_user_ids: number };
  requested_at: string;
  completed_at: string | null;
};

/** `app_id: 'all'` erases the person in every app that the key can access. */
export type EraseQuery = { app_id?: string };
