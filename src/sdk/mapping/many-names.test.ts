import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findUserPropertyError } from '../../events/ingest/reserved-events.ts';
import { createLoopShare, type LoopShare } from '../../limits/loop-share.ts';
import { createEventMapper } from '../amplitude/map-event.ts';
import { createEventMapper as createMixpanelMapper } from '../mixpanel/map-event.ts';
import { createEventMapper as createOpenPanelMapper } from '../openpanel/map-event.ts';
import { mapEvent } from '../posthog/map-event.ts';
import { mapMessage } from '../segment/map-message.ts';
import { toFields } from './event-parts.ts';
import { mapBatch } from './store-mapped.ts';

// A body can contain hundreds of thousands of names, of which an event may have 200.

const SENDER = { kind: 'client', callerId: 'key_1', network: '192.0.2.1' } as const;
const EVENTS = 8;
const NAMES = 32_000;
/** One of these events takes a few milliseconds: listing its names alone does. */
const LONGEST_TASK_MS = 20;
/** A busy computer can interrupt any task, but hardly one of each attempt. */
const ATTEMPTS = 8;

const namesOf = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`name${index}`, index]));
const many = namesOf(NAMES);
const listed = Object.keys(many);

const user = { distinct_id: 'user_1', uuid: 'e-1' };
const amplitude = { user_id: 'user_1', insert_id: 'e-1' };
const mapAmplitude = (event: unknown) => createEventMapper().map(event);
const mapMixpanel = (event: unknown) => createMixpanelMapper().map(event);
const mapOpenPanel = (event: unknown) => createOpenPanelMapper().map(event);

const SENT: Record<string, [event: object, map: (event: unknown) => object[]]> = {
  "PostHog's $set": [{ ...user, event: 'tap', properties: { $set: many } }, mapEvent],
  "PostHog's $set_once": [{ ...user, event: '$set', properties: { $set_once: many } }, mapEvent],
  "PostHog's $unset": [{ ...user, event: 'tap', properties: { $unset: listed } }, mapEvent],
  "PostHog's properties": [{ ...user, event: 'tap', properties: many }, mapEvent],
  "Segment's traits": [{ type: 'identify', userId: 'user_1', anonymousId: 'a', traits: many }, mapMessage],
  "Segment's properties": [{ type: 'track', userId: 'user_1', event: 'tap', properties: many }, mapMessage],
  "Amplitude's user properties": [
    { ...amplitude, event_type: '$identify', user_properties: many },
    mapAmplitude,
  ],
  "Amplitude's $set and $unset": [
    { ...amplitude, event_type: '$identify', user_properties: { $set: many, $unset: many } },
    mapAmplitude,
  ],
  "Amplitude's event properties": [{ ...amplitude, event_type: 'tap', event_properties: many }, mapAmplitude],
  "Mixpanel's properties": [{ event: 'tap', properties: { distinct_id: 'u', ...many } }, mapMixpanel],
  "Mixpanel's profiles": [{ $distinct_id: 'u', $set: many, $unset: listed }, mapMixpanel],
  "OpenPanel's properties": [
    { type: 'track', payload: { name: 'tap', profileId: 'u', properties: many } },
    mapOpenPanel,
  ],
};

/** Maps a batch with the same event several times, and returns its longest task in milliseconds. */
async function longestTaskMs(text: string, map: (event: unknown) => object[]): Promise<number> {
  const loopShare = createLoopShare();
  let longestMs = 0;
  const run: LoopShare['run'] = (sender, task) =>
    loopShare.run(sender, () => {
      const startedAt = performance.now();
      const result = task();
      longestMs = Math.max(longestMs, performance.now() - startedAt);
      return result;
    });
  // As parsed: objects that are made otherwise are faster to read.
  const items = Array.from({ length: EVENTS }, (): unknown => JSON.parse(text));
  await mapBatch({ loopShare: { run } }, SENDER, { sentAt: '2026-11-28T12:00:00Z', items, map });
  return longestMs;
}

describe('a batch whose events have 32,000 names each', () => {
  for (const [name, [event, map]] of Object.entries(SENT))
    it(`does not keep the event loop from others: ${name}`, async () => {
      const text = JSON.stringify(event);
      let shortestMs = Number.POSITIVE_INFINITY;
      for (let attempt = 0; attempt < ATTEMPTS && shortestMs >= LONGEST_TASK_MS; attempt += 1)
        shortestMs = Math.min(shortestMs, await longestTaskMs(text, map));
      assert.ok(shortestMs < LONGEST_TASK_MS, `${shortestMs} ms`);
    });
});

it('keeps the first 200 user properties of 32,000, and rejects others', async () => {
  const sent = { ...user, event: '$set', $set: many };
  const batch = { sentAt: undefined, items: [sent], map: mapEvent };
  const { events } = await mapBatch({ loopShare: createLoopShare() }, SENDER, batch);
  const [kept, rest, ...others] = events.map((event) => toFields(toFields(event).properties));
  assert.deepEqual([kept, others], [{ $set: namesOf(200) }, []]);
  assert.match(findUserPropertyError('$set', rest)?.message ?? '', /at most 200 names/);
});

it('keeps 200 properties and those that a dialect reads, and leaves too many to be rejected', () => {
  const mapped = (properties: object) => {
    const [event] = mapEvent({ ...user, event: 'tap', properties });
    const own = toFields(toFields(event).properties);
    return [Object.keys(own).length, toFields(event).session_id];
  };
  const read = { $session_id: 's-1', $lib: 'web', $os: 'iOS', token: 't' };
  assert.deepEqual(mapped({ ...namesOf(200), ...read }), [200, 's-1']);
  assert.deepEqual(mapped({ ...namesOf(201), ...read }), [201, 's-1']);
  const [count, session] = mapped({ ...many, ...read });
  assert.ok(Number(count) > 200 && Number(count) <= 500, `${count}`);
  assert.equal(session, 's-1');
});
