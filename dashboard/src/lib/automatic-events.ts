const NAMES: ReadonlySet<string> = new Set(['session_start', 'session_end']);

/** How many names `isAutomaticEvent` recognizes, of those that the client sends. */
export const AUTOMATIC_NAMES = NAMES.size + 1;

/** Whether the client sends this event by itself: about sessions, or `$identify`. They are no answer to "what do people do?". */
export function isAutomaticEvent(name: string): boolean {
  return name.startsWith('$') || NAMES.has(name);
}
