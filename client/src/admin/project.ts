import type { Project, ProjectChange } from '../api/projects.ts';
import type { Caller, CallOptions } from './call.ts';

/** The key's project. */
export type ProjectOperations = {
  /**
   * Returns the project.
   * @example
   * ```ts
   * const project = await admin.project.get();
   * console.log(project.name);
   * ```
   */
  get: (options?: CallOptions) => Promise<Project>;
  /**
   * Updates the project's name and rules and returns it.
   * @example
   * ```ts
   * await admin.project.update({ leaked_key_policy: 60 });
   * ```
   */
  update: (change: ProjectChange, options?: CallOptions) => Promise<Project>;
};

/** Returns the project operations. */
export function createProject({ call }: Caller): ProjectOperations {
  return {
    get: (options) => call('project.get', { options }),
    update: (body, options) => call('project.update', { body, options }),
  };
}
