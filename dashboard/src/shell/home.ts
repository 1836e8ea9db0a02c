import type { Session, SessionProject } from '../api/answers.ts';

const STORAGE_KEY = 'appflow-last-project';

/** Remembers the project, so that `/` opens it. */
export function rememberProject(projectId: string): void {
  localStorage.setItem(STORAGE_KEY, projectId);
}

/** Whether the project is the last one opened, so most likely one the person still belongs to. */
export function isLastProject(projectId: string): boolean {
  return localStorage.getItem(STORAGE_KEY) === projectId;
}

/** Forgets the last project: another server may have had this address before. */
export function forgetProject(): void {
  localStorage.removeItem(STORAGE_KEY);
}

/** Whether this browser has shown a project before. */
export function hasOpenedProject(): boolean {
  return localStorage.getItem(STORAGE_KEY) !== null;
}

/** Returns the project to open first: the last one opened, else the first; undefined without projects. */
export function findHome({ projects }: Pick<Session, 'projects'>): SessionProject | undefined {
  return projects.find(({ id }) => isLastProject(id)) ?? projects[0];
}
