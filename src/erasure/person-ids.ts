import type { Gateway } from '../warehouse/engine/gateway.ts';

/** A user of an app. */
export type AppUser = { projectId: string; appId: string; appUserId: string };

/** Finds all IDs of a person by one of them, which is among them. Rejects with StorageError. */
export type ListPersonIds = (user: AppUser) => Promise<string[]>;

/** Reads the IDs of a person from the resolved links. */
export function readPersonIds({ query }: Pick<Gateway, 'query'>): ListPersonIds {
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
    return [...new Set([appUserId, person, ...rows.map(({ id }) => id)])];
  };
}
