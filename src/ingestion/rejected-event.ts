import { redactSecrets } from '../directory/secret.ts';
import { toStorableText } from '../lib/text/storable-text.ts';
import { cutBytes, toCutJson } from './cut-json.ts';

/** Why an event was rejected: a code, the path of the field, and what to send instead. */
export type RejectionReason = { code: string; field: string; message: string; event_id?: string };

/** What a sample shows of a rejected event. It contains no API key. */
export type SampledEvent = {
  field: string;
  message: string;
  eventId: string | null;
  appUserId: string | null;
  /** The beginning of its JSON; null if the person was erased. */
  event: string | null;
  isCut: boolean;
};

/** A rejected event as it is counted. `appId` and `sdk` are empty if they are unknown. */
export type RejectedEvent = { code: string; appId: string; sdk: string; sample: SampledEvent | undefined };

const SDK_CHARACTERS_MAX = 128;
const APP_USER_ID_BYTES_MAX = 256;

/** Rejections after which nothing of the event may be kept. */
const WITHOUT_EVENT: ReadonlySet<string> = new Set(['user_erased']);

type Fields = { app_user_id?: unknown; context?: unknown };

/** Returns how a rejected event is counted. Its sample costs a few microseconds, so only some events have one. */
export function describeRejected(
  event: unknown,
  appId: string,
  reason: RejectionReason,
  options: { hasSample: boolean },
): RejectedEvent {
  const fields: Fields = typeof event === 'object' && event !== null ? event : {};
  const { code } = reason;
  const sample = options.hasSample ? toSample(event, fields, reason) : undefined;
  return { code, appId, sdk: findSdk(fields.context), sample };
}

/** Returns an SDK as it is counted: at most 128 characters, without an API key. */
export function toSdk(text: unknown): string {
  if (typeof text !== 'string') return '';
  return toStorableText(redactSecrets(text).slice(0, SDK_CHARACTERS_MAX));
}

function findSdk(context: unknown): string {
  return typeof context === 'object' && context !== null && 'sdk' in context ? toSdk(context.sdk) : '';
}

function toSample(event: unknown, fields: Fields, reason: RejectionReason): SampledEvent {
  const { code, field, message, event_id: eventId = null } = reason;
  const text = { field: toSampleText(field), message: toSampleText(message) };
  if (WITHOUT_EVENT.has(code)) return { ...text, eventId: null, appUserId: null, event: null, isCut: false };
  const { json, isCut } = toCutJson(event);
  return {
    ...text,
    eventId,
    appUserId: findAppUserId(fields.app_user_id),
    event: toStorableText(json),
    isCut,
  };
}

const toSampleText = (text: string): string => toStorableText(redactSecrets(text));

/** An ID that was sent as a number is the reason of a rejection, but the person may be known by the same digits. */
function findAppUserId(id: unknown): string | null {
  if (typeof id !== 'string' && typeof id !== 'number') return null;
  return cutBytes(toSampleText(String(id)), APP_USER_ID_BYTES_MAX);
}
