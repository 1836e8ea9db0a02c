import type { Gateway } from '../warehouse/engine/gateway.ts';

/** A user of an app. */
export type AppUser = { projectId: string; appId: string; appUserId: string };

/** A person in an app: the last of the linked IDs, and all of them. */
export type PersonInApp = { person: string; ids: string[] };

/** Finds a person by one of the IDs, which is among those returned. Rejects with StorageError. */
export type FindPersonInApp = (user: AppUser) => Promise<PersonInApp>;

/** Reads persons from the resolved links. */
export function findPersonBy({ query }: Pick<Gateway, 'query'>): FindPersonInApp {
  return async ({ projectId, appId, appUserId }) => {
    const params = { project_id: projectId, app: appId, id: appUserId };
    const ofApp = 'project_id = {project_id:String} AND app_id = {app:String}';
    const [known] = await query<{ person: string }>(
      `SELECT argMax(person, version) AS person FROM person_ids WHERE ${ofApp} AND id = {id:String}`,
      params,
    );
    const person = known?.person || appUserId;
    const rows = await query<{ id: string }>(
      `SELECT id FROM person_ids WHERE ${ofApp} GROUP BY id HAVING argMax(person_ids.person, version) = {person:String}`,
      { ...params, person },
    );
    return { person, ids: [...new Set([appUserId, person, ...rows.map(({ id }) => id)])] };
  };
}
