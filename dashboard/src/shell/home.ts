import type { Session, SessionProject } from '../api/answers.ts';

const STORED_AS = 'appflow-last-project';

/** Remembers the project, so that `/` leads back to it. */
export function rememberProject(projectId: string): void {
  localStorage.setItem(STORED_AS, projectId);
}

/** Returns the project to open first: the last one seen, else the first; undefined for members of none. */
export function findHome({ projects }: Pick<Session, 'projects'>): SessionProject | undefined {
  const last = localStorage.getItem(STORED_AS);
  return projects.find(({ id }) => id === last) ?? projects[0];
}
