import { newId } from '../lib/id.ts';
import type { RejectedEvent, SampledEvent } from './rejected-event.ts';
import type { SampleRow } from './sample-buffer.ts';
import type { Source } from './tally.ts';

/** Returns a sample as it is stored, with a new ID. IDs are in the order of these calls. */
export function toSampleRow(
  { projectId, keyId, sdkId }: Source,
  { appId, sdk, code }: RejectedEvent,
  { field, message, eventId, appUserId, event, isCut }: SampledEvent,
  nowMs: number,
): SampleRow {
  return {
    id: newId('smp'),
    project_id: projectId,
    at: nowMs,
    app_id: appId === '' ? null : appId,
    app_user_id: appUserId,
    key_id: keyId,
    sdk_id: sdkId,
    sdk,
    code,
    field,
    message,
    event_id: eventId,
    event,
    is_cut: isCut ? 1 : 0,
  };
}
