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

/**
 * Returns the IDs by which to find a person in each app: the given one, and the person that it belongs to, who is one across apps by
 * the last of the linked IDs. If the ID belongs to different people, such as that of a device that was handed on, it is the
 * person in the first of these apps, as in a profile: where the ID is someone else's, it is left out. Rejects with StorageError.
 */
export async function listStarts(
  findPerson: FindPersonInApp,
  { projectId, appIds, appUserId }: { projectId: string; appIds: readonly string[]; appUserId: string },
): Promise<Map<string, string[]>> {
  const persons = new Map<string, string>();
  for (const appId of [...appIds].sort())
    persons.set(appId, (await findPerson({ projectId, appId, appUserId })).person);
  const person = [...persons.values()].find((one) => one !== appUserId) ?? appUserId;
  const startsOf = (own: string) => (own === appUserId || own === person ? [appUserId, person] : [person]);
  return new Map([...persons].map(([appId, own]) => [appId, [...new Set(startsOf(own))]]));
}
