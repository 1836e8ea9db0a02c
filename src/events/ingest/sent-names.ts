import { redactSecrets } from '../../directory/secret.ts';
import type { SentName } from '../../ingestion/name-tally.ts';
import { toStorableText } from '../../lib/text/storable-text.ts';
import type { EventRow } from '../../warehouse/event-row.ts';
import { isAutomaticName } from './normalize-name.ts';
import { ORIGINAL_NAME } from './properties.ts';
import { isReservedName } from './reserved-events.ts';

/** The names of events as they were sent, if they are stored under another one, by row. */
export type SentNames = Map<EventRow, string>;

const SENT_CHARACTERS_MAX = 200;

/** Notes the name that an event was sent with. */
export function noteSentName(names: SentNames, row: EventRow, event: unknown): void {
  const { properties } = event as { properties?: Readonly<Record<string, unknown>> | null };
  const sent = properties?.[ORIGINAL_NAME];
  if (typeof sent === 'string' && sent !== '') names.set(row, sent);
}

/**
 * Returns the names that stored events were sent with, without API keys. Events that are not shown, such as `$identify`, have none. A
 * batch has few names, so each is cleaned once.
 */
export function listSentNames(
  names: SentNames,
  rows: readonly EventRow[],
  stored: readonly boolean[],
): SentName[] {
  const found = new Map<string, SentName>();
  for (const [index, row] of rows.entries()) {
    const { app_id: appId, event_name: eventName } = row;
    if (!stored[index] || isReservedName(eventName)) continue;
    const sent = names.get(row) ?? eventName;
    const key = `${appId}\n${eventName}\n${sent}`;
    const known = found.get(key);
    if (known) known.count += 1;
    else found.set(key, { appId, eventName, count: 1, ...toSentName(sent, eventName) });
  }
  return [...found.values()];
}

function toSentName(sent: string, eventName: string): Pick<SentName, 'sentName' | 'isAutomatic'> {
  const sentName = toStorableText(redactSecrets(sent).slice(0, SENT_CHARACTERS_MAX));
  return { sentName, isAutomatic: isAutomaticName(sentName, eventName) };
}
