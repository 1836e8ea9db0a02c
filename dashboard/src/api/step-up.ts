/** Thrown when the password dialog was closed: nothing was sent, so there is nothing to report. */
export class StepUpCanceled extends Error {
  constructor() {
    super('Canceled. Nothing was changed.');
    this.name = 'StepUpCanceled';
  }
}

/** A request that waits for the password. */
type Waiting = { resolve: () => void; reject: (error: StepUpCanceled) => void };

/** The password must still count when the request arrives. */
const MARGIN_MS = 5_000;

let steppedUpUntil = 0;
let waiting: Waiting[] = [];
const listeners = new Set<() => void>();

function changeWaiting(next: Waiting[]): void {
  waiting = next;
  for (const listener of listeners) listener();
}

/** Stores until when the password counts as given, as the server sends it (RFC 3339, or null). */
export function keepStepUp(until: string | null): void {
  steppedUpUntil = until === null ? 0 : Date.parse(until);
}

/** Makes the next sensitive request ask for the password. */
export function forgetStepUp(): void {
  steppedUpUntil = 0;
}

/** Resolves once the password counts as given, asking for it if needed. Rejects with StepUpCanceled. */
export function ensureStepUp(now = Date.now()): Promise<void> {
  if (steppedUpUntil - now > MARGIN_MS) return Promise.resolve();
  return new Promise((resolve, reject) => changeWaiting([...waiting, { resolve, reject }]));
}

/** Releases the waiting requests after the password was given. */
export function confirmStepUp(until: string): void {
  keepStepUp(until);
  const going = waiting;
  changeWaiting([]);
  for (const { resolve } of going) resolve();
}

/** Rejects the waiting requests. */
export function cancelStepUp(): void {
  const going = waiting;
  changeWaiting([]);
  for (const { reject } of going) reject(new StepUpCanceled());
}

/** Whether a request is waiting for the password. */
export function isStepUpWanted(): boolean {
  return waiting.length > 0;
}

/** Calls `listener` when `isStepUpWanted` may have changed. Returns the unsubscribe function. */
export function subscribeStepUp(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether `error` only means that the person canceled. */
export function isCanceled(error: unknown): boolean {
  return error instanceof StepUpCanceled;
}
