/** Thrown when the person closed the password dialog: nothing was sent, and nothing needs to be told. */
export class StepUpCancelled extends Error {
  constructor() {
    super('Nothing was changed: the password was not confirmed.');
    this.name = 'StepUpCancelled';
  }
}

/** A request that waits for the password. */
type Waiting = { resolve: () => void; reject: (error: StepUpCancelled) => void };

/** The password must still count when the request arrives. */
const MARGIN_MS = 5_000;

let steppedUpUntil = 0;
let waiting: Waiting[] = [];
const listeners = new Set<() => void>();

function changeWaiting(next: Waiting[]): void {
  waiting = next;
  for (const listener of listeners) listener();
}

/** Remembers until when the password counts as given, as the server says it (RFC 3339, or null). */
export function keepStepUp(until: string | null): void {
  steppedUpUntil = until === null ? 0 : Date.parse(until);
}

/** Makes the next request that needs it ask for the password. */
export function forgetStepUp(): void {
  steppedUpUntil = 0;
}

/** Resolves once the password counts as given, asking for it when needed. Rejects with StepUpCancelled. */
export function ensureStepUp(now = Date.now()): Promise<void> {
  if (steppedUpUntil - now > MARGIN_MS) return Promise.resolve();
  return new Promise((resolve, reject) => changeWaiting([...waiting, { resolve, reject }]));
}

/** Lets the waiting requests go on, now that the password was given. */
export function confirmStepUp(until: string): void {
  keepStepUp(until);
  const going = waiting;
  changeWaiting([]);
  for (const { resolve } of going) resolve();
}

/** Gives up the waiting requests. */
export function cancelStepUp(): void {
  const going = waiting;
  changeWaiting([]);
  for (const { reject } of going) reject(new StepUpCancelled());
}

/** Whether a request waits for the password. */
export function isStepUpWanted(): boolean {
  return waiting.length > 0;
}

/** Calls `listener` whenever `isStepUpWanted` may have changed. Returns how to stop. */
export function subscribeStepUp(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether `error` only says that the person changed their mind. */
export function isCancelled(error: unknown): boolean {
  return error instanceof StepUpCancelled;
}
