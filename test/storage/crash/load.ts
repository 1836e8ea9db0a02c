import assert from 'node:assert/strict';
import type { SentEvent } from '../../analytics/persons-reference.ts';
import { callWhenFree } from '../../support/call-when-free.ts';
import type { Answer, Api, CallOptions } from '../../support/harness.ts';
import { createUntouched, type Draw } from './draw-events.ts';
import { noteAnswer, type Sent } from './sent.ts';

/** An API that is killed at some time, and a key for everything. */
export type Target = { api: Api; key: string };

/**
 * Returns the answer to a request; undefined if there is none, or if it says that what became of the request is not known: the server
 * was killed, or is about to be.
 */
export async function attempt(
  { api, key }: Target,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Answer | undefined> {
  let answer: Answer;
  try {
    answer = await callWhenFree(api, method, path, { key, ...options });
  } catch (error) {
    // `fetch` fails with a TypeError.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
  return answer.status === 503 ? undefined : answer;
}

/** Sends a batch, or one event, and notes what becomes of it. Returns whether it was answered. */
export async function sendBatch(
  target: Target,
  sent: Sent,
  batch: readonly SentEvent[],
  isRetry = false,
): Promise<boolean> {
  for (const event of batch)
    if (!sent.acknowledged.has(event.event_id)) sent.unknown.set(event.event_id, event);
  const events = batch.map(toBody);
  const answer = await attempt(target, 'POST', '/v1/events', { body: { events } });
  if (answer === undefined) return false;
  assert.equal(answer.status, 200, answer.text);
  noteAnswer(sent, batch, answer.body, isRetry);
  return true;
}

/** Returns an event as it is sent. */
export const toBody = ({ receivedAt: _, ...event }: SentEvent) => event;

/** Sends events until the server is gone: single ones, or batches with duplicates of their own and of earlier events. */
export async function sendEvents(target: Target, sent: Sent, draw: Draw, sizeMax: number): Promise<void> {
  // Someone who is erased, or being erased, gains no link.
  const isUntouched = createUntouched(sent);
  const earlier = [...sent.acknowledged.values()].filter(({ app_user_id }) => isUntouched(app_user_id));
  for (;;) {
    const batch = Array.from({ length: 1 + draw.below(sizeMax) }, () => {
      const kind = draw.random();
      if (kind < 0.15) return draw.link(isUntouched);
      const repeated = kind < 0.25 ? earlier[draw.below(earlier.length)] : undefined;
      return repeated ?? draw.event();
    });
    const [first] = batch;
    if (first && batch.length > 1) batch.push(first);
    if (!(await sendBatch(target, sent, batch))) return;
  }
}
