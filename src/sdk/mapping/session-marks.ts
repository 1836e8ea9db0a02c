import { toStoredName } from '../../events/ingest/normalize-name.ts';

/** Names that are not of the app, and ours for them, which no metric counts. */
const SESSION_MARKS: Readonly<Record<string, string>> = {
  session_start: '$session_start',
  session_end: '$session_end',
};

/** Returns the name that an event is stored under, as `toStoredName` does, for SDKs that send the start and end of sessions as events. */
export function toMarkOrName(sent: unknown): ReturnType<typeof toStoredName> {
  const mark =
    typeof sent === 'string' && Object.hasOwn(SESSION_MARKS, sent) ? SESSION_MARKS[sent] : undefined;
  return mark === undefined ? toStoredName(sent) : { event_name: mark, original: {} };
}
