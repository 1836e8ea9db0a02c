import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectTracker, toDropLine } from '../../../test/client/scripted-clients.ts';
import { startScriptedServer, stored, type World } from '../../../test/client/scripted-server.ts';

const start = () => startScriptedServer(({ body }) => stored(body));

const eventsOf = ({ seen }: World) => seen.flatMap(({ body }) => body.events);
const MINUTE_MS = 60_000;

describe('track with a timestamp or an ID of its own', () => {
  it('sends them as given: a Date, RFC 3339 or epoch milliseconds', async () => {
    const world = await start();
    const appflow = connectTracker(world);
    const nowMs = world.clock.now();
    const times = [new Date(nowMs - MINUTE_MS), '2026-11-22T10:59:00+01:00', nowMs - MINUTE_MS];
    for (const [n, timestamp] of times.entries())
      appflow.track('past', { n }, { timestamp, eventId: `order-${n}` });
    await world.run(appflow.flush());
    const past = eventsOf(world).filter(({ event_name }) => event_name === 'past');
    assert.deepEqual(
      past.map(({ event_id, timestamp, properties }) => [event_id, timestamp, properties.n]),
      [0, 1, 2].map((n) => [`order-${n}`, '2026-11-22T09:59:00.000Z', n]),
    );
  });

  it('an event of the last 30 minutes belongs to the running session, which starts no later than it', async () => {
    const world = await start();
    const appflow = connectTracker(world);
    const timestamp = world.clock.now() - 30 * MINUTE_MS + 1;
    appflow.track('recent', undefined, { timestamp });
    await world.run(appflow.flush());
    const [begin, recent] = eventsOf(world);
    assert.deepEqual([begin.event_name, recent.event_name], ['$session_start', 'recent']);
    assert.equal(begin.timestamp, recent.timestamp);
    assert.equal(begin.session_id, recent.session_id);
  });

  it('an older event starts no session, and belongs to the running one only if that had begun', async () => {
    const world = await start();
    const appflow = connectTracker(world);
    const startMs = world.clock.now();
    appflow.track('old', undefined, { timestamp: startMs - 30 * MINUTE_MS });
    for (let n = 0; n < 5; n += 1) {
      appflow.track('open');
      world.clock.advance(20 * MINUTE_MS);
    }
    appflow.track('old', undefined, { timestamp: startMs });
    appflow.track('old', undefined, { timestamp: startMs - 1 });
    await world.run(appflow.flush());
    const events = eventsOf(world);
    assert.equal(events.filter(({ event_name }) => event_name === '$session_start').length, 1);
    const { session_id } = events[1];
    assert.deepEqual(
      events.filter(({ event_name }) => event_name === 'old').map((event) => event.session_id),
      [undefined, session_id, undefined],
    );
  });

  it('null counts as absent; an invalid timestamp is dropped and reported with its event', async () => {
    const world = await start();
    const appflow = connectTracker(world);
    const drops: string[] = [];
    appflow.on('drop', (drop) => drops.push(toDropLine(drop)));
    appflow.track('no_options', undefined, null as never);
    appflow.track('nulls', null as never, { timestamp: null as never, eventId: null as never });
    for (const timestamp of ['yesterday', Number.NaN, 9e15]) appflow.track('bad', undefined, { timestamp });
    await world.run(appflow.flush());
    assert.deepEqual(drops, Array(3).fill('1 invalid_timestamp: bad'));
    const [, , nulls] = eventsOf(world);
    assert.match(nulls.event_id, /^[0-9a-z]{25}$/);
    assert.equal(nulls.timestamp, '2026-11-22T10:00:00.000Z');
  });
});

it("on('drop') carries the events as the app passed them, also after shutdown", async () => {
  const world = await start();
  const appflow = connectTracker(world);
  const drops: unknown[] = [];
  appflow.on('drop', ({ reason, events }) => drops.push([reason, ...events]));
  appflow.track('Bad Name', { plan: 'pro' }, { eventId: 'e_1' });
  appflow.identify('null');
  await world.run(appflow.shutdown());
  appflow.track('late', { plan: 'pro' });
  appflow.identify('user_1');
  appflow.setContext({ country: 'DE' });
  assert.deepEqual(drops, [
    ['invalid_event_name', { event_name: 'Bad Name', properties: { plan: 'pro' }, event_id: 'e_1' }],
    ['invalid_app_user_id', { event_name: '$identify', app_user_id: 'null' }],
    ['shut_down', { event_name: 'late', properties: { plan: 'pro' } }],
    ['shut_down', { event_name: '$identify', app_user_id: 'user_1' }],
  ]);
  assert.equal(appflow.stats().dropped, 4);
});
