import { isEventId } from '../../events/ingest/event.ts';
import { deriveId } from './event-parts.ts';

/** Returns the ID of an event as ours: the one that was sent, or one derived from it if that has other characters. */
export const toEventId = (sent: unknown): string => (isEventId(sent) ? sent : deriveId('of', String(sent)));
