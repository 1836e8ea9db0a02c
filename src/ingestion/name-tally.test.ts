import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  countName,
  createNameTally,
  NAMES_IN_MEMORY_MAX,
  NAMES_PER_APP,
  type NameTally,
  returnNames,
  type SentName,
  takeNames,
} from './name-tally.ts';

const sent = (sentName: string, fields: Partial<SentName> = {}): SentName => ({
  ...{ appId: 'app_1', eventName: 'order_completed', sentName, isAutomatic: false, count: 1 },
  ...fields,
});

const listCounts = (tally: NameTally) =>
  takeNames(tally).map(({ app_id, event_name, sent_name, count, first_at, last_at }) => [
    ...[app_id, event_name, sent_name],
    ...[count, first_at, last_at],
  ]);

describe('a tally of names', () => {
  it('counts each name per app and stored name, with the first and the last time', () => {
    const tally = createNameTally();
    countName(tally, 'proj_1', sent('Order Completed'), 10);
    countName(tally, 'proj_1', sent('Order Completed'), 30);
    countName(tally, 'proj_1', sent('order-completed'), 20);
    countName(tally, 'proj_1', sent('Order Completed', { appId: 'app_2' }), 40);
    countName(tally, 'proj_1', sent('Order Completed', { eventName: 'another' }), 50);
    assert.deepEqual(listCounts(tally), [
      ['app_1', 'order_completed', 'Order Completed', 2, 10, 30],
      ['app_1', 'order_completed', 'order-completed', 1, 20, 20],
      ['app_1', 'another', 'Order Completed', 1, 50, 50],
      ['app_2', 'order_completed', 'Order Completed', 1, 40, 40],
    ]);
    assert.deepEqual([takeNames(tally), tally.size], [[], 0]);
  });

  it('adds names that could not be written to those that were counted meanwhile', () => {
    const tally = createNameTally();
    countName(tally, 'proj_1', sent('Order Completed'), 10);
    countName(tally, 'proj_1', sent('order-completed'), 20);
    const taken = takeNames(tally);
    countName(tally, 'proj_1', sent('Order Completed'), 30);
    returnNames(tally, taken);
    assert.deepEqual(listCounts(tally), [
      ['app_1', 'order_completed', 'Order Completed', 2, 10, 30],
      ['app_1', 'order_completed', 'order-completed', 1, 20, 20],
    ]);
  });

  it('has a bounded number of names per app and together, and goes on counting those it has', () => {
    const tally = createNameTally();
    for (let index = 0; index <= NAMES_PER_APP; index += 1) countName(tally, 'proj_1', sent(`n${index}`), 10);
    assert.equal(tally.size, NAMES_PER_APP);
    countName(tally, 'proj_1', sent('n0'), 20);
    countName(tally, 'proj_1', sent('n0', { appId: 'app_2' }), 20);
    assert.equal(tally.size, NAMES_PER_APP + 1);
    for (let index = 0; index < NAMES_IN_MEMORY_MAX; index += 1)
      countName(tally, 'proj_1', sent('n0', { appId: `more_${index}` }), 30);
    assert.equal(tally.size, NAMES_IN_MEMORY_MAX);
    assert.equal(takeNames(tally)[0]?.count, 2);
  });

  it('gives out a part of its names, and has room for as many again', () => {
    const tally = createNameTally();
    for (let index = 0; index < NAMES_PER_APP; index += 1) countName(tally, 'proj_1', sent(`n${index}`), 10);
    const taken = takeNames(tally, 2);
    assert.deepEqual(
      taken.map(({ sent_name }) => sent_name),
      ['n0', 'n1'],
    );
    assert.equal(tally.size, NAMES_PER_APP - 2);
    for (let index = 0; index < 3; index += 1) countName(tally, 'proj_1', sent(`more${index}`), 10);
    const rest = takeNames(tally).map(({ sent_name }) => sent_name);
    assert.deepEqual([rest.length, rest[0], rest.at(-1)], [NAMES_PER_APP, 'n2', 'more1']);
    assert.equal(tally.byApp.size, 0);
  });
});
