import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HOUR_MS } from '../lib/durations.ts';
import type { CountedSdkId } from './counted-sdk.ts';
import {
  CELLS_MAX,
  countCode,
  createTally,
  findCell,
  OTHER_SDK,
  recallSender,
  rememberSender,
  returnCells,
  SDKS_MAX,
  takeCells,
} from './tally.ts';

const SOURCE = { projectId: 'proj_1', keyId: 'key_1', sdkId: 'appflow' } as const;
const NOON = 12 * HOUR_MS;

/** Counts an event of an SDK as accepted and returns what its SDK is counted as. */
function count(
  tally: ReturnType<typeof createTally>,
  sdk: string,
  at: { nowMs?: number; appId?: string } = {},
) {
  const cell = findCell(tally, SOURCE, { nowMs: at.nowMs ?? NOON, appId: at.appId ?? 'app_1', sdk });
  if (cell) cell.accepted += 1;
  return cell?.sdk;
}

describe('a tally', () => {
  it('has a cell per hour, key, app and SDK', () => {
    const tally = createTally();
    count(tally, 'a/1');
    count(tally, 'a/1', { nowMs: NOON + HOUR_MS - 1 });
    count(tally, 'a/1', { nowMs: NOON + HOUR_MS });
    count(tally, 'a/1', { appId: 'app_2' });
    count(tally, 'a/2');
    const cells = takeCells(tally).map(({ hour, appId, sdk, accepted }) => [hour, appId, sdk, accepted]);
    assert.deepEqual(cells, [
      [NOON, 'app_1', 'a/1', 2],
      [NOON + HOUR_MS, 'app_1', 'a/1', 1],
      [NOON, 'app_2', 'a/1', 1],
      [NOON, 'app_1', 'a/2', 1],
    ]);
    assert.deepEqual(takeCells(tally), []);
  });

  it('has a cell per vendor of SDKs, also when cells are returned', () => {
    const tally = createTally();
    const countFor = (sdkId: CountedSdkId) => {
      const cell = findCell(tally, { ...SOURCE, sdkId }, { nowMs: NOON, appId: '', sdk: '' });
      if (cell) cell.accepted += 1;
    };
    for (const sdkId of ['appflow', 'posthog', 'posthog'] as const) countFor(sdkId);
    const taken = takeCells(tally);
    countFor('posthog');
    returnCells(tally, taken);
    assert.deepEqual(
      takeCells(tally).map(({ sdkId, accepted }) => [sdkId, accepted]),
      [
        ['posthog', 3],
        ['appflow', 1],
      ],
    );
  });

  it('remembers what a key, app and SDK last sent links with, for a bounded number of them', () => {
    const tally = createTally();
    const at = { appId: 'app_1', sdk: 'a/1' };
    assert.equal(recallSender(tally, SOURCE, at), 'unknown');
    rememberSender(tally, SOURCE, at);
    rememberSender(tally, { ...SOURCE, sdkId: 'posthog' }, { ...at, sdk: 'b/1' });
    assert.equal(recallSender(tally, SOURCE, at), 'appflow');
    assert.equal(recallSender(tally, SOURCE, { ...at, sdk: 'b/1' }), 'posthog');
    assert.equal(recallSender(tally, { ...SOURCE, keyId: 'key_2' }, at), 'unknown');
    assert.equal(recallSender(tally, SOURCE, { ...at, appId: 'app_2' }), 'unknown');
    for (let index = 0; index < 30_000; index += 1)
      rememberSender(tally, SOURCE, { ...at, appId: `app_${index}` });
    assert.equal(recallSender(tally, SOURCE, at), 'unknown');
    assert.equal(recallSender(tally, SOURCE, { ...at, appId: 'app_29999' }), 'appflow');
  });

  it(`counts more than ${SDKS_MAX} SDKs of a key, app and hour together; events without one are not among them`, () => {
    const tally = createTally();
    const sdks = Array.from({ length: SDKS_MAX }, (_, index) => `sdk/${index}`);
    assert.deepEqual(
      sdks.map((sdk) => count(tally, sdk)),
      sdks,
    );
    assert.equal(count(tally, 'sdk/one-more'), OTHER_SDK);
    assert.equal(count(tally, 'sdk/0'), 'sdk/0');
    assert.equal(count(tally, ''), '');
    assert.equal(count(tally, 'sdk/one-more', { appId: 'app_2' }), 'sdk/one-more');
    assert.equal(count(tally, 'sdk/one-more', { nowMs: NOON + HOUR_MS }), 'sdk/one-more');
  });

  it('keeps a bounded number of cells, and goes on counting in those it has', () => {
    const tally = createTally();
    for (let index = 0; index < CELLS_MAX; index += 1) count(tally, '', { appId: `app_${index}` });
    assert.equal(count(tally, '', { appId: 'one more' }), undefined);
    assert.equal(count(tally, '', { appId: 'app_0' }), '');
    assert.equal(tally.cells.size, CELLS_MAX);
  });

  it('adds cells that could not be written to what was counted meanwhile', () => {
    const tally = createTally();
    const cell = () => findCell(tally, SOURCE, { nowMs: NOON, appId: '', sdk: '' });
    count(tally, 'a/1');
    countCode(cell()?.rejected ?? new Map(), 'invalid_event');
    const taken = takeCells(tally);
    count(tally, 'a/1');
    countCode(cell()?.rejected ?? new Map(), 'invalid_event', 2);
    countCode(cell()?.refused ?? new Map(), 'rate_limited');
    returnCells(tally, taken);
    const [first, second] = takeCells(tally);
    assert.equal(first?.accepted, 2);
    assert.deepEqual(second?.rejected, new Map([['invalid_event', 3]]));
    assert.deepEqual(second?.refused, new Map([['rate_limited', 1]]));
  });
});
