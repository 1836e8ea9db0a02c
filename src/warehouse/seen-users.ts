import { type EventRow, isReserved } from './event-row.ts';

/** One row of `users`: project, app and user, first and last time seen in epoch milliseconds. */
export type SeenUser = [
  projectId: string,
  appId: string,
  appUserId: string,
  firstSeen: number,
  lastSeen: number,
];

/** Returns each user of rows that metrics count once, with the first and last time among them. */
export function listSeenUsers(rows: EventRow[]): SeenUser[] {
  const users = new Map<string, SeenUser>();
  for (const row of rows) {
    if (isReserved(row.event_name)) continue;
    // Project and app ids contain no space, so the key is unambiguous whatever the user id contains.
    const key = `${row.project_id} ${row.app_id} ${row.app_user_id}`;
    const user = users.get(key);
    if (user === undefined) {
      const userId = row.app_user_id.toWellFormed();
      users.set(key, [row.project_id, row.app_id, userId, row.timestamp, row.timestamp]);
    } else {
      user[3] = Math.min(user[3], row.timestamp);
      user[4] = Math.max(user[4], row.timestamp);
    }
  }
  return [...users.values()];
}
