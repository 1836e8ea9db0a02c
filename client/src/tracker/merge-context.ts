import { AppflowError } from '../api/errors.ts';
import type { EventContext } from '../api/events.ts';

/** The server's limit; a longer value would get every event rejected. */
const CHARACTERS_MAX = 128;

/**
 * Returns the context with the changes: numbers become text, null removes a value. What the server would reject is reported
 * to `onError` and left out. Changes are copied: the app may modify its object later.
 */
export function mergeContext(
  context: EventContext,
  changes: object | undefined,
  onError: (error: AppflowError) => void,
): EventContext {
  const merged: Record<string, string> = { ...context };
  const reject = (field: string) =>
    onError(
      new AppflowError(`Ignored ${field}: use strings of at most ${CHARACTERS_MAX} characters.`, {
        code: 'invalid_context',
      }),
    );
  let copy: Record<string, unknown> = {};
  try {
    copy = JSON.parse(JSON.stringify(changes ?? {}));
  } catch {
    reject('context');
  }
  for (const [key, value] of Object.entries(copy)) {
    if (value === null) delete merged[key];
    else if (typeof value === 'object' || [...`${value}`].length > CHARACTERS_MAX) reject(`context.${key}`);
    else merged[key] = `${value}`;
  }
  return merged;
}
