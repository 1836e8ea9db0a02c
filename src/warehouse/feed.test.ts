import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventRow } from '../../test/support/warehouse-store.ts';
import type { EventRow } from './event-row.ts';
import { createFeed } from './feed.ts';

const row = (event_id: string, project_id = 'proj_a') => eventRow({ event_id, project_id });
const idsOf = (rows: readonly EventRow[] | undefined) => rows?.map(({ event_id }) => event_id);

it('publishes to each project only its own rows of a block, and nothing for blocks without any', () => {
  const feed = createFeed(10);
  const published: unknown[] = [];
  feed.subscribe('proj_a', (block, rows) => published.push(['a', block, idsOf(rows)]));
  feed.subscribe('proj_b', (block, rows) => published.push(['b', block, idsOf(rows)]));
  feed.publish(11, [row('1'), row('2', 'proj_b'), row('3')]);
  feed.publish(12, [row('4', 'proj_c')]);
  assert.deepEqual(published, [
    ['a', 11, ['1', '3']],
    ['b', 11, ['2']],
  ]);
});

it('reports how far a project is, whatever others store', () => {
  const feed = createFeed(10);
  feed.publish(11, [row('1'), row('2', 'proj_b'), row('3')]);
  feed.publish(12, [row('4', 'proj_b')]);
  assert.deepEqual(['proj_a', 'proj_b', 'proj_c'].map(feed.reached), [11, 12, 10]);
  feed.publish(13);
  assert.deepEqual(['proj_a', 'proj_b', 'proj_c'].map(feed.reached), [13, 13, 13]);
});

it("sends every reader to the store when a block's contents are unknown, and never goes backwards", () => {
  const feed = createFeed(10);
  const published: unknown[] = [];
  feed.subscribe('proj_a', (block, rows) => published.push([block, rows]));
  feed.publish(9);
  assert.deepEqual(published, [[10, undefined]]);
  assert.equal(feed.reached('proj_a'), 10);
});

it('publishes nothing to an unsubscribed listener, even in the middle of a block', () => {
  const feed = createFeed(0);
  let published = 0;
  const first = feed.subscribe('proj_a', () => {
    published += 1;
    second.unsubscribe();
  });
  const second = feed.subscribe('proj_a', () => assert.fail());
  first.unsubscribe();
  second.unsubscribe();
  feed.publish(1, [row('1')]);
  assert.equal(published, 0);
});
