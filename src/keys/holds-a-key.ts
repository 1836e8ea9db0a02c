import { redactSecrets } from '../directory/secret.ts';

/** Whether an API key stands anywhere in `text`. */
export const holdsKey = (text: string): boolean => redactSecrets(text) !== text;

/**
 * Returns a mistake for each field with an API key in one of its texts: pasted into the wrong field, it would be stored
 * and shown in every list.
 */
export function findKeysIn(
  texts: Readonly<Record<string, readonly (string | null | undefined)[]>>,
): { field: string; code: string; message: string }[] {
  return Object.entries(texts)
    .filter(([, values]) => values.some((text) => typeof text === 'string' && holdsKey(text)))
    .map(([field]) => ({
      field,
      code: 'holds_a_key',
      message: `${field} holds an API key; keys belong in no record.`,
    }));
}
