import { type BatchContext, type EventApp, parseEvent, type Rejection } from '../../events/ingest/event.ts';
import type { Fields } from '../../sdk/mapping/event-parts.ts';

/** Any app: no event of an export names one. */
const APP: EventApp = { id: '', currency: 'USD', platform: '' };
const BATCH = { projectId: '', keyId: '', verified: 1, sentAt: undefined, country: undefined } as const;

/** Finds why the server would reject an event; undefined if it would not. */
export type EventCheck = (event: Fields) => Rejection | undefined;

/** Returns a function that finds why the server would reject an event at `nowMs` (epoch milliseconds); undefined if it would not. */
export function createEventCheck(nowMs: number): EventCheck {
  const batch: BatchContext = { ...BATCH, receivedAt: nowMs };
  return (event) => {
    const parsed = parseEvent(event, batch, () => APP);
    return 'rejection' in parsed ? parsed.rejection : undefined;
  };
}
