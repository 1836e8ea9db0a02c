import { containsKey, redactSecrets } from '../../directory/secret.ts';
import type { EventRow } from '../../warehouse/event-row.ts';
import { CONTEXT_KEYS } from './context.ts';
import { type EventWarning, NO_WARNINGS } from './warnings.ts';

const OWN_TEXTS = ['event_id', 'app_user_id', 'session_id'] as const;

/** Returns a warning for each field and property that contains an API key, by its path in the event. Nearly always none. */
export function listKeyWarnings(row: EventRow): readonly EventWarning[] {
  let fields: string[] | undefined;
  const add = (...found: string[]) => {
    fields = [...(fields ?? []), ...found];
  };
  for (const name of OWN_TEXTS) if (containsKey(row[name])) add(name);
  if (containsKey(row.properties)) add(...listPaths('properties', JSON.parse(row.properties)));
  for (const name of CONTEXT_KEYS) if (containsKey(row[name])) add(`context.${name}`);
  if (fields === undefined) return NO_WARNINGS;
  return [...new Set(fields)].map((field) => ({ code: 'holds_a_key', field }));
}

/** Returns the paths of the names and texts with a key in a value; properties are nested at most 5 deep. */
function listPaths(path: string, value: unknown): string[] {
  if (typeof value === 'string') return containsKey(value) ? [path] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const at = `${path}.${redactSecrets(name)}`;
    return containsKey(name) ? [at] : listPaths(at, member);
  });
}

/**
 * Returns the row with every API key reduced to its hint. The same key becomes the same hint, so a repeated event is
 * still a duplicate and a person is still one person.
 */
export function redactKeys(row: EventRow): EventRow {
  const redacted = { ...row };
  for (const name of [...OWN_TEXTS, 'properties', ...CONTEXT_KEYS] as const)
    redacted[name] = redactSecrets(row[name]);
  // An event_id must be ASCII; the ellipsis in a hint is not.
  redacted.event_id = redacted.event_id.replaceAll('…', '...');
  return redacted;
}
