/** Derives the ids of all events. */
export const DERIVE_IDS_SQL = `INSERT INTO event_ids (project_id, event_id, app_id, verified, block)
SELECT project_id, event_id, app_id, verified, block FROM events`;

/** Derives the users of all events. Without GROUP BY, which would need all users in memory: the table groups them. */
export const DERIVE_USERS_SQL = `INSERT INTO users (project_id, app_id, app_user_id, first_seen, last_seen)
SELECT project_id, app_id, app_user_id, timestamp, timestamp FROM events`;
