import { redactSecrets } from '../../directory/secret.ts';

/** Why a stored event differs from what was sent, with the message for a field; the most important first. Clients know all. */
const MESSAGES = {
  holds_a_key: (field: string) =>
    `${field} contained an API key, so only its hint was stored. Don't send keys in events; revoke this one unless it is a client key.`,
  number_as_text: (field: string) =>
    `${field} was a number and was stored as text. Send it as a string: as numbers, 2.10 and 2.1 are the same.`,
  unknown_field: (field: string) => `${field} is not a known field, so it was ignored.`,
} as const;

/** The code of a warning. */
export type WarningCode = keyof typeof MESSAGES;

/** Every code of a warning. */
export const WARNING_CODES = Object.keys(MESSAGES) as WarningCode[];

/** What was changed in an event before it was stored; `field` is a path in the event such as `context.carrier`. */
export type EventWarning = { code: WarningCode; field: string };

/** The warnings of nearly every event. */
export const NO_WARNINGS: readonly EventWarning[] = Object.freeze([]);

/** A warning about a batch, and how many of its events have it. */
export type BatchWarning = EventWarning & { events: number; message: string };

/** Warnings of a batch, each counted by event. */
export type WarningTally = {
  add: (warnings: readonly EventWarning[]) => void;
  list: () => BatchWarning[];
};

/** Of each code, because senders choose the names: the answer must not become as long as the batch. */
const WARNINGS_MAX = 20;
const FIELD_LENGTH_MAX = 128;

/** Returns an empty tally. */
export function createWarningTally(): WarningTally {
  const counts = new Map<WarningCode, Map<string, number>>();
  return {
    add(warnings) {
      for (const { code, field } of warnings) {
        const fields = counts.get(code) ?? new Map<string, number>();
        counts.set(code, fields);
        if (fields.has(field) || fields.size < WARNINGS_MAX) fields.set(field, (fields.get(field) ?? 0) + 1);
      }
    },
    list: () =>
      WARNING_CODES.flatMap((code) =>
        [...(counts.get(code) ?? [])].map((counted) => describe(code, counted)),
      ),
  };
}

function describe(code: WarningCode, [name, events]: [string, number]): BatchWarning {
  const field = redactSecrets(name).slice(0, FIELD_LENGTH_MAX).toWellFormed();
  return { code, field, events, message: MESSAGES[code](field) };
}
