import assert from 'node:assert/strict';
import type { SentEvent } from '../../analytics/persons-reference.ts';
import { replayLinks } from '../../analytics/replay-links.ts';

/** What was sent, and what the server said about it. */
export type Sent = {
  /** Events that must be stored once, unless their user is erased. */
  acknowledged: Map<string, SentEvent>;
  /** Events of requests without an answer: they may be stored. */
  unknown: Map<string, SentEvent>;
  /** The IDs of people who are erased. */
  erased: Set<string>;
  /** The IDs of the person who is being erased, or may be. */
  erasing: string[];
  /** How many requests were answered. */
  answers: number;
};

/** Returns the record of a server that was sent nothing. */
export const createSent = (): Sent => ({
  acknowledged: new Map(),
  unknown: new Map(),
  erased: new Set(),
  erasing: [],
  answers: 0,
});

/** The answer to a batch, as far as it is read here. */
export type BatchAnswer = {
  accepted: number;
  duplicates: number;
  rejected: { index: number; code: string }[];
};

/**
 * Notes the answer to a batch. Fails if it rejects anything but events of people who are erased, or if it does not count each
 * event as new or as a duplicate as it was. `isRetry` says that the events may be stored already.
 */
export function noteAnswer(
  sent: Sent,
  batch: readonly SentEvent[],
  { accepted, duplicates, rejected }: BatchAnswer,
  isRetry = false,
): void {
  sent.answers += 1;
  const refused = new Set(rejected.map(({ index }) => index));
  for (const { index, code } of rejected) {
    const user = batch[index]?.app_user_id ?? '';
    assert.equal(code, 'user_erased');
    assert.ok(mayBeErased(sent, user), `${user} was not erased`);
  }
  const taken = batch.filter((_, index) => !refused.has(index));
  const fresh = new Set(taken.map(({ event_id }) => event_id).filter((id) => !sent.acknowledged.has(id)));
  assert.equal(accepted + duplicates, taken.length);
  if (isRetry) assert.ok(accepted <= fresh.size, `${accepted} of ${fresh.size} were stored again`);
  else assert.equal(accepted, fresh.size, 'new events');
  // What was stored before the person was erased is gone, even if this answer is later than that one.
  for (const event of taken)
    if (!sent.erased.has(event.app_user_id)) sent.acknowledged.set(event.event_id, event);
  for (const { event_id } of batch) sent.unknown.delete(event_id);
}

/** Whether events of a user may be rejected because the person is erased, or being erased. */
const mayBeErased = ({ erased, erasing }: Sent, user: string) => erased.has(user) || erasing.includes(user);

/** IDs are only linked within their group. */
export const groupOf = (user: string) => user.split('-')[0] ?? '';

/** Returns the IDs of the person whom an ID belongs to, by the acknowledged links. */
export function idsOfPerson({ acknowledged }: Sent, id: string): string[] {
  const links = [...acknowledged.values()].filter(({ event_name }) => event_name === '$identify');
  const personOf = replayLinks(
    links.map(({ event_id, app_user_id, timestamp, properties }) => ({
      ...{ anonymousId: properties?.anonymous_id ?? '', appUserId: app_user_id },
      ...{ timestamp: Date.parse(timestamp), eventId: event_id, verified: 1 },
    })),
  );
  const known = links.flatMap(({ app_user_id, properties }) => [app_user_id, properties?.anonymous_id ?? '']);
  return [...new Set([id, ...known])].filter((one) => personOf(one) === personOf(id));
}

/** Notes that the person of `erasing` is erased. */
export function noteErased(sent: Sent): void {
  for (const id of sent.erasing) sent.erased.add(id);
  for (const [eventId, { app_user_id }] of sent.acknowledged)
    if (sent.erased.has(app_user_id)) sent.acknowledged.delete(eventId);
  sent.erasing = [];
}
