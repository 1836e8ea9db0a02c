import assert from 'node:assert/strict';
import {
  type BatchContext,
  type EventApp,
  type ParsedEvent,
  parseEvent,
  type Rejection,
} from '../../src/events/ingest/event.ts';
import type { RejectionCode } from '../../src/events/ingest/rejection-cures.ts';

/** When the batch was received, epoch milliseconds. */
export const RECEIVED_AT = Date.parse('2026-11-22T10:00:00Z');
/** A batch of a server key, without a clock of its own. */
export const BATCH: BatchContext = {
  projectId: 'proj_1',
  keyId: 'key_1',
  verified: 1,
  receivedAt: RECEIVED_AT,
  sentAt: undefined,
  country: undefined,
};
/** The app of every event. */
export const APP: EventApp = { id: 'app_1', currency: 'EUR', platform: 'ios' };
/** A valid event. */
export const EVENT = { event_id: 'e1', event_name: 'app_open', app_user_id: 'u_1' };

/** Returns what becomes of an event of `APP`. */
export function parse(value: unknown, batch: BatchContext = BATCH): ParsedEvent {
  return parseEvent(value, batch, () => APP);
}

/** Returns the row of EVENT with `fields` changed. */
export function rowOf(fields: object, batch: BatchContext = BATCH) {
  const parsed = parse({ ...EVENT, ...fields }, batch);
  assert.ok('row' in parsed, JSON.stringify(parsed));
  return parsed.row;
}

/** Fails unless EVENT with `fields` changed is rejected with this code and field. Returns the rejection. */
export function assertRejected(
  fields: object,
  code: RejectionCode,
  field: string,
  batch: BatchContext = BATCH,
): Rejection {
  const parsed = parse({ ...EVENT, ...fields }, batch);
  assert.ok('rejection' in parsed, JSON.stringify(fields).slice(0, 200));
  assert.deepEqual([parsed.rejection.code, parsed.rejection.field], [code, field]);
  assert.ok(parsed.rejection.message.length > 20);
  return parsed.rejection;
}
