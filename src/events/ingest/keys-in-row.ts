import { containsKey, redactSecrets } from '../../directory/secret.ts';
import type { EventRow } from '../../warehouse/event-row.ts';
import { CONTEXT_KEYS } from './context.ts';

const OWN_TEXTS = ['event_id', 'app_user_id', 'session_id', 'properties'] as const;
const NONE: readonly string[] = Object.freeze([]);

/** Returns the fields that contain an API key, named as in the sender's event. Nearly always none. */
export function listFieldsWithKeys(row: EventRow): readonly string[] {
  let fields: string[] | undefined;
  for (const name of OWN_TEXTS) if (containsKey(row[name])) fields = [...(fields ?? NONE), name];
  for (const name of CONTEXT_KEYS)
    if (containsKey(row[name])) fields = [...(fields ?? NONE), `context.${name}`];
  return fields ?? NONE;
}

/**
 * Returns the row with every API key reduced to its hint. The same key becomes the same hint, so a repeated event is
 * still a duplicate and a person is still one person.
 */
export function redactKeys(row: EventRow): EventRow {
  const redacted = { ...row };
  for (const name of [...OWN_TEXTS, ...CONTEXT_KEYS]) redacted[name] = redactSecrets(row[name]);
  // An event_id must be ASCII; the ellipsis in a hint is not.
  redacted.event_id = redacted.event_id.replaceAll('…', '...');
  return redacted;
}
