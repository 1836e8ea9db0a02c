import type { Directory } from '../../directory/directory.ts';
import type { Project } from '../../directory/project.ts';
import { escapeValue } from '../terminal/print.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** The error message when no project exists yet. */
export const NO_PROJECT = 'There is no project yet. Make one: appflow init --project "My App"';

/** Returns the project with this id, or the only project if no id is given. Throws UsageError otherwise. */
export function chooseProject({ directory }: { directory: Directory }, id?: string): Project {
  if (id !== undefined) {
    const project = directory.findProject(id);
    if (project && project.deletedAt === null) return project;
    if (project) throw new UsageError(`Project ${id} was deleted. An owner can restore it in the dashboard.`);
    throw new UsageError(`There is no project ${id}.`);
  }
  const [only, ...others] = directory.listProjects().filter(({ deletedAt }) => deletedAt === null);
  if (!only) throw new UsageError(NO_PROJECT);
  if (others.length === 0) return only;
  const names = [only, ...others].map((project) => `  ${project.id}  ${escapeValue(project.name)}`);
  throw new UsageError(`There are several projects; name one with --project:\n${names.join('\n')}`);
}
