import type { Session, SessionProject } from '../api/answers.ts';

const STORED_AS = 'appflow-last-project';

/** Remembers the project, so that `/` leads back to it. */
export function rememberProject(projectId: string): void {
  localStorage.setItem(STORED_AS, projectId);
}

/** Whether the project is the one that was seen last, and so most likely still one's own. */
export function isLastProject(projectId: string): boolean {
  return localStorage.getItem(STORED_AS) === projectId;
}

/** Returns the project to open first: the last one seen, else the first; undefined for members of none. */
export function findHome({ projects }: Pick<Session, 'projects'>): SessionProject | undefined {
  return projects.find(({ id }) => isLastProject(id)) ?? projects[0];
}
