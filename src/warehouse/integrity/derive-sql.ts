import { DERIVE_LINKS_SQL } from '../persons/derive-persons.ts';

/** The condition for the events that metrics count: see `isReserved`. */
export const COUNTED_SQL = "NOT startsWith(event_name, '$')";

/** The tables whose rows can be derived again from the events. */
export const DERIVED_TABLES = ['event_ids', 'users', 'links', 'person_ids', 'user_properties'] as const;

/** A table whose rows can be derived again from the events. */
export type DerivedTable = (typeof DERIVED_TABLES)[number];

/** Whether the rows of a table can be derived again from the events. */
export const isDerived = (table: string): table is DerivedTable =>
  DERIVED_TABLES.some((derived) => derived === table);

/** Derives the ids of all events; more conditions can be added with AND. */
export const DERIVE_IDS_SQL = `INSERT INTO event_ids (project_id, event_id, app_id, verified, block)
SELECT project_id, event_id, app_id, verified, block FROM events WHERE 1`;

/**
 * Derives the users of all events that metrics count; more conditions can be added with AND. Without GROUP BY, which would
 * need all users in memory: the table groups them.
 */
export const DERIVE_USERS_SQL = `INSERT INTO users (project_id, app_id, app_user_id, first_seen, last_seen)
SELECT project_id, app_id, app_user_id, timestamp, timestamp FROM events WHERE ${COUNTED_SQL}`;

/** Derives all rows of each table that one statement can derive; more conditions can be added with AND. */
export const DERIVE_SQL: Partial<Record<DerivedTable, string>> = {
  event_ids: DERIVE_IDS_SQL,
  users: DERIVE_USERS_SQL,
  links: DERIVE_LINKS_SQL,
};

/** What each table contains, as the subject of a sentence. */
export const CONTENT_OF: Record<DerivedTable, string> = {
  event_ids: 'The IDs of events',
  users: 'Users',
  links: 'Links between IDs',
  person_ids: 'The persons of linked IDs',
  user_properties: 'User properties',
};

/** Counts users of the events from block `highest` on that are not derived yet, or seen at times that are not. */
export const COUNT_UNDERIVED_USERS_SQL = `SELECT count() AS missing
FROM (
  SELECT project_id, app_id, app_user_id, min(timestamp) AS first, max(timestamp) AS last
  FROM events WHERE ${COUNTED_SQL} AND block >= {highest:UInt64} GROUP BY project_id, app_id, app_user_id
) AS seen
LEFT JOIN (
  SELECT project_id, app_id, app_user_id, min(first_seen) AS known_first, max(last_seen) AS known_last, count() AS known
  FROM users
  WHERE (project_id, app_id, app_user_id) IN (
    SELECT project_id, app_id, app_user_id FROM events WHERE ${COUNTED_SQL} AND block >= {highest:UInt64}
  )
  GROUP BY project_id, app_id, app_user_id
) AS derived USING (project_id, app_id, app_user_id)
WHERE known = 0 OR known_first > first OR known_last < last`;
