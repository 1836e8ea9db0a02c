import { redactSecrets } from '../../directory/secret.ts';
import type { SentName } from '../../ingestion/name-tally.ts';
import { toStorableText } from '../../lib/storable-text.ts';
import type { EventRow } from '../../warehouse/event-row.ts';
import { isAutomaticName } from './normalize-name.ts';
import { ORIGINAL_NAME } from './properties.ts';
import { isReservedName } from './reserved-events.ts';

/** The names of events as they were sent, if they are stored under another one, by row. */
export type SentNames = Map<EventRow, string>;

const SENT_CHARACTERS_MAX = 200;

/** Notes the name that an event was sent with, without API keys. */
export function noteSentName(names: SentNames, row: EventRow, event: unknown): void {
  const { properties } = event as { properties?: Readonly<Record<string, unknown>> | null };
  const sent = properties?.[ORIGINAL_NAME];
  if (typeof sent !== 'string' || sent === '') return;
  names.set(row, toStorableText(redactSecrets(sent).slice(0, SENT_CHARACTERS_MAX)));
}

/** Returns the names that stored events were sent with. Events that are not shown, such as `$identify`, have none. */
export function listSentNames(
  names: SentNames,
  rows: readonly EventRow[],
  stored: readonly boolean[],
): SentName[] {
  return rows.flatMap((row, index) => {
    const { app_id: appId, event_name: eventName } = row;
    if (!stored[index] || isReservedName(eventName)) return [];
    const sentName = names.get(row) ?? eventName;
    return [{ appId, eventName, sentName, isAutomatic: isAutomaticName(sentName, eventName) }];
  });
}
