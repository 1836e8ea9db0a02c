import type { Gateway } from '../engine/gateway.ts';
import type { EventRow } from '../event-row.ts';

/** Which projects have IDs that belong to a person of another ID; queries of all others need not look for them. */
export type LinkedProjects = {
  hasLinks(projectId: string): boolean;
  /** Stores rows. Their projects count as linked before they are acknowledged, so every later query looks for their links. */
  append(rows: EventRow[]): Promise<boolean[]>;
};

/**
 * Reads the projects with linked IDs; `append` stores rows. While `person_ids` cannot be read, which is repaired in the
 * background, all projects count as linked.
 */
export async function openLinkedProjects(
  gateway: Pick<Gateway, 'query'>,
  append: LinkedProjects['append'],
): Promise<LinkedProjects> {
  const stored = await gateway
    .query<{ project_id: string }>('SELECT DISTINCT project_id FROM person_ids')
    .catch(() => undefined);
  const projects = stored && new Set(stored.map(({ project_id }) => project_id));
  return {
    hasLinks: (projectId) => projects?.has(projectId) ?? true,
    append(rows) {
      for (const { project_id, event_name } of rows)
        if (event_name === '$identify') projects?.add(project_id);
      return append(rows);
    },
  };
}
