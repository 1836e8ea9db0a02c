import { containsKey, redactSecrets } from '../../directory/secret.ts';
import type { EventRow } from '../../warehouse/event-row.ts';
import { CONTEXT_KEYS } from './context.ts';

const OWN_TEXTS = ['event_id', 'app_user_id', 'session_id', 'properties'] as const;
const NONE: readonly string[] = Object.freeze([]);

/** Returns the fields of an event, named as its sender names them, in whose text an API key stands: nearly always none. */
export function listFieldsWithKeys(row: EventRow): readonly string[] {
  let fields: string[] | undefined;
  for (const name of OWN_TEXTS) if (containsKey(row[name])) fields = [...(fields ?? NONE), name];
  for (const name of CONTEXT_KEYS)
    if (containsKey(row[name])) fields = [...(fields ?? NONE), `context.${name}`];
  return fields ?? NONE;
}

/**
 * Returns the row with every API key in it cut down to its hint. The same key becomes the same hint, so an event that is
 * sent again is still a duplicate and a person still one person.
 */
export function cutKeys(row: EventRow): EventRow {
  const cut = { ...row };
  for (const name of [...OWN_TEXTS, ...CONTEXT_KEYS]) cut[name] = redactSecrets(row[name]);
  // An event_id is ASCII everywhere, and the hint's ellipsis is not.
  cut.event_id = cut.event_id.replaceAll('…', '...');
  return cut;
}
