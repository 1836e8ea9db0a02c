import { resolve } from 'node:path';
import { commandHint } from '../../config/command-hint.ts';
import type { Config } from '../../config/config.ts';
import type { Directory } from '../../directory/directory.ts';
import type { Project } from '../../directory/project.ts';
import { escapeValue } from '../../lib/text/visible-text.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** Returns the error message when a data folder has no project yet. */
export function explainNoProject(config: Pick<Config, 'dataDir'>): string {
  return `There is no project in ${resolve(config.dataDir)} yet. Create one: ${commandHint(config, 'init --project "My App"')}`;
}

type ProjectServices = { directory: Directory; config: Pick<Config, 'dataDir'> };

/** Returns the project with this ID, or the only project if no ID is given. Throws UsageError otherwise. */
export function chooseProject({ directory, config }: ProjectServices, id?: string): Project {
  if (id !== undefined) {
    const project = directory.findProject(id);
    if (project && project.deletedAt === null) return project;
    if (project) throw new UsageError(`Project ${id} was deleted. An owner can restore it in the dashboard.`);
    throw new UsageError(`There is no project ${id} in ${resolve(config.dataDir)}.`);
  }
  const [only, ...others] = directory.listProjects().filter(({ deletedAt }) => deletedAt === null);
  if (!only) throw new UsageError(explainNoProject(config));
  if (others.length === 0) return only;
  const names = [only, ...others].map((project) => `  ${project.id}  ${escapeValue(project.name)}`);
  throw new UsageError(`There are several projects. Choose one with --project:\n${names.join('\n')}`);
}
