import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isPlaceholderAppUserId } from '../../src/events/placeholder.ts';
import { formatQuery } from './admin/query.ts';
import { parseRoom } from './http/limit-headers.ts';
import { isBrowser, isDevelopment } from './runtime/environment.ts';
import { makeId } from './runtime/id.ts';
import { isAppUserId } from './tracker/app-user-id.ts';
import { createQueue } from './tracker/queue.ts';

it('the tracker and the server agree on who is nobody', () => {
  const words = 'null nil none undefined unknown anonymous guest user test 0 -1 nan true false'.split(' ');
  const zeros = ['00000000-0000-0000-0000-000000000000', '0'.repeat(32)];
  for (const id of [
    ...words,
    ...words.map((word) => ` ${word.toUpperCase()} `),
    '[object Object]',
    ...zeros,
  ]) {
    assert.deepEqual([isAppUserId(id), isPlaceholderAppUserId(id)], [false, true], id);
  }
  for (const id of ['u', '1', '00', 'users', 'nullable', 'user_1', '0000', 'anon_1']) {
    assert.deepEqual([isAppUserId(id), isPlaceholderAppUserId(id)], [true, false], id);
  }
  assert.deepEqual([isAppUserId('x'.repeat(256)), isAppUserId('x'.repeat(257))], [true, false]);
});

it('ids sort by time and never meet', () => {
  assert.ok(makeId(1_700_000_000_000) < makeId(1_700_000_000_001));
  assert.ok(makeId(0) < makeId(1));
  assert.equal(new Set(Array.from({ length: 10_000 }, () => makeId(1))).size, 10_000);
});

it('the room of RateLimit is the least of its policies, events counted by what the batch costs', () => {
  const header = '"events";r=5000;t=1, "events-requests";r=412;t=2';
  assert.deepEqual(parseRoom(header, 1), { requests: 412, resetMs: 2_000 });
  assert.deepEqual(parseRoom(header, 1_000), { requests: 5, resetMs: 1_000 });
  assert.deepEqual(parseRoom('"management";r=0;t=7', 1), { requests: 0, resetMs: 7_000 });
  assert.deepEqual(parseRoom('"management";r=0;t=999999', 1), { requests: 0, resetMs: 60_000 });
  // Where two leave as little, the later one says when.
  assert.deepEqual(parseRoom('"events";r=5;t=1, "events-requests";r=0;t=3', 10), {
    requests: 0,
    resetMs: 3_000,
  });
  assert.deepEqual(parseRoom('"management";r=3', 1), { requests: 3, resetMs: 0 });
  for (const header of [null, '', 'nonsense', '"a";q=5;w=1', '"a";r=-1;t=1'])
    assert.equal(parseRoom(header, 1), undefined);
});

it('a query repeats lists, escapes everything and leaves out what is undefined', () => {
  const query = { property: ['a:b&c', 'ü'], limit: 5, deleted: false, cursor: undefined };
  assert.equal(formatQuery(query), '?property=a%3Ab%26c&property=%C3%BC&limit=5&deleted=false');
  assert.equal(formatQuery({}), '');
});

it('a full queue drops the oldest event that is not on its way', () => {
  const event = (id: number) => ({ event_id: `${id}`, event_name: 'a', app_user_id: 'u', timestamp: '' });
  const queue = createQueue(3);
  assert.deepEqual(
    [1, 2, 3].map((id) => queue.add(event(id))),
    [0, 0, 0],
  );
  queue.hold(2);
  assert.equal(queue.add(event(4)), 1);
  const ids = () => queue.list().map(({ event_id }) => event_id);
  assert.deepEqual(ids(), ['1', '2', '4']);
  queue.hold(3);
  assert.equal(queue.add(event(5)), 1);
  assert.deepEqual(ids(), ['1', '2', '4']);
  queue.hold(0);
  queue.add(event(6));
  assert.deepEqual(ids(), ['2', '4', '6']);
  assert.equal(queue.restore([event(0), event(2)]), 1);
  assert.deepEqual(ids(), ['2', '4', '6']);
  assert.equal(queue.remove([event(1), event(4)]), 1);
});

it('knows a page and a worker of one from React Native and Node', () => {
  const document = new EventTarget();
  assert.ok(isBrowser({ document }));
  assert.ok(isBrowser({ importScripts: () => undefined }));
  assert.equal(isBrowser({ __DEV__: true, navigator: { language: 'de' } }), false);
  assert.equal(isBrowser({ process: { env: {} } }), false);
  assert.equal(isDevelopment({ __DEV__: true }), true);
  assert.equal(isDevelopment({ __DEV__: false, process: { env: { NODE_ENV: 'development' } } }), false);
  assert.equal(isDevelopment({ process: { env: { NODE_ENV: 'development' } } }), true);
  assert.equal(
    isDevelopment({ process: { env: { NODE_ENV: 'production' } }, location: { hostname: 'shop.example' } }),
    false,
  );
  assert.equal(isDevelopment({ location: { hostname: 'localhost' } }), true);
});
