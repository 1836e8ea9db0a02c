import { DATABASE_NAME } from '../engine/connection.ts';
import type { Gateway } from '../engine/gateway.ts';

/** Apps of one project; `hasLinks` says whether any of their IDs may belong to a person of another ID. */
export type PersonApps = { projectId: string; appIds: readonly string[]; hasLinks: boolean };

/** A person: its ID, which is the last of its links, and all of its IDs by app, up to PERSON_IDS_MAX. */
export type Person = { id: string; ids: readonly PersonId[]; hasMoreIds: boolean };

/** An ID of a person in one of the apps. */
export type PersonId = { app_id: string; id: string };

/** More IDs than people have; a device that never resets its ID can have more. */
export const PERSON_IDS_MAX = 1_000;

const APPS_SQL = 'project_id = {project_id:String} AND app_id IN {app_ids:Array(String)}';

/** Returns SQL for `app_id`, `id` and `person` of each linked ID that meets a condition. */
export const linkedIdsSql = (condition: string): string =>
  `SELECT app_id, id, argMax(person_ids.person, version) AS person FROM ${DATABASE_NAME}.person_ids
  WHERE ${condition} GROUP BY app_id, id`;

/** SQL for `app_id`, `id` and `person` of each linked ID of some apps. */
export const LINKED_IDS_SQL = linkedIdsSql(APPS_SQL);

/** Returns the parameters of LINKED_IDS_SQL. */
export const appsParams = ({ projectId, appIds }: Pick<PersonApps, 'projectId' | 'appIds'>) => ({
  project_id: projectId,
  app_ids: appIds,
});

/**
 * Returns the person that an ID belongs to. An ID that is linked in one of several apps, and is a person of its own in another,
 * leads to the latter. Of an unknown ID, the person has that ID alone. Throws StorageError.
 */
export async function findPerson(
  { query }: Pick<Gateway, 'query'>,
  apps: PersonApps,
  id: string,
  signal: AbortSignal,
): Promise<Person> {
  if (!apps.hasLinks) return toPerson(apps, id, [], []);
  const options = { signal, isLight: true };
  const params = appsParams(apps);
  const readIds = (person: string) =>
    query<PersonId & { person: string }>(
      `SELECT app_id, id, person FROM (${LINKED_IDS_SQL}) WHERE person = {person:String} OR id = {person:String}
       ORDER BY id, app_id LIMIT ${PERSON_IDS_MAX + 1}`,
      { ...params, person },
      options,
    );
  // Nearly always, it is the ID of a person: its other IDs are read at the same time.
  const [[linked], idsOfId] = await Promise.all([
    query<{ first_person: string; apps: string[] }>(
      `SELECT argMin(person, app_id) AS first_person, groupArray(toString(app_id)) AS apps FROM (${LINKED_IDS_SQL})
       WHERE id = {id:String} AND person != id`,
      { ...params, id },
      options,
    ),
    readIds(id),
  ]);
  const elsewhere = apps.appIds.filter((app) => linked?.apps.includes(app) !== true);
  const isLinked = linked !== undefined && linked.apps.length > 0;
  const [own] = isLinked
    ? await query<{ known: number }>(
        `SELECT (SELECT count() FROM users WHERE ${APPS_SQL} AND app_user_id = {id:String})
           + (SELECT count() FROM links WHERE ${APPS_SQL} AND id = {id:String}) > 0 AS known`,
        { ...params, app_ids: elsewhere, id },
        options,
      )
    : [{ known: 1 }];
  const person = own?.known === 1 || linked === undefined ? id : linked.first_person;
  const rows = person === id ? idsOfId : await readIds(person);
  const isElsewhere = (row: PersonId & { person: string }) => row.id === person && row.person !== person;
  return toPerson(
    apps,
    person,
    rows.filter((row) => row.id !== person && row.person === person),
    rows.filter(isElsewhere).map(({ app_id }) => app_id),
  );
}

/** `notIn` are the apps in which the person's ID belongs to yet another one. */
function toPerson(
  { appIds }: PersonApps,
  id: string,
  linked: readonly PersonId[],
  notIn: readonly string[],
): Person {
  const own = appIds.filter((app) => !notIn.includes(app)).map((app_id) => ({ app_id, id }));
  const others = linked.map(({ app_id, id: other }) => ({ app_id, id: other }));
  const ids = [...own, ...others.slice(0, PERSON_IDS_MAX)];
  return { id, ids, hasMoreIds: others.length > PERSON_IDS_MAX };
}

/** Returns the condition for the rows of a person, in a table with `app_id` and the ID in `column`. */
export function personCondition(
  apps: PersonApps,
  { id, ids, hasMoreIds }: Person,
  column = 'app_user_id',
): { sql: string; params: Record<string, unknown> } {
  if (hasMoreIds)
    return {
      sql: `((app_id, ${column}) IN (SELECT app_id, id FROM (${LINKED_IDS_SQL}) WHERE person = {person:String})
        OR (${column} = {person:String} AND app_id IN {person_apps:Array(String)}))`,
      params: {
        ...appsParams(apps),
        person: id,
        person_apps: ids.filter((one) => one.id === id).map(({ app_id }) => app_id),
      },
    };
  const texts = [...new Set(ids.map((one) => one.id))];
  // The list of IDs alone is faster to compare with. IDs of apps contain no space.
  const isExact = ids.length === texts.length * apps.appIds.length;
  return {
    sql: `${column} IN {person_ids:Array(String)}${isExact ? '' : ` AND concat(app_id, ' ', ${column}) IN {person_pairs:Array(String)}`}`,
    params: {
      person_ids: texts,
      ...(!isExact && { person_pairs: ids.map((one) => `${one.app_id} ${one.id}`) }),
    },
  };
}
