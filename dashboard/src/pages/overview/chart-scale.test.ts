import assert from 'node:assert/strict';
import { it } from 'node:test';
import { areaPath, axisTicks, labeledDays, linePath, nearestDay, xPercent, yPercent } from './chart-scale.ts';

it('draws grid lines at round numbers that cover every value', () => {
  assert.deepEqual(axisTicks([12, 280, 97], 4, true), [0, 80, 160, 240, 320]);
  assert.deepEqual(axisTicks([1_000], 4, true), [0, 250, 500, 750, 1_000]);
  assert.deepEqual(axisTicks([1_001], 4, true), [0, 300, 600, 900, 1_200]);
});

it('draws no grid lines between whole numbers for counts', () => {
  assert.deepEqual(axisTicks([2], 4, true), [0, 1, 2]);
  assert.deepEqual(axisTicks([2], 4, false), [0, 0.5, 1, 1.5, 2]);
  assert.deepEqual(axisTicks([9], 4, true), [0, 3, 6, 9]);
});

it('has a scale for days that are all zero', () => {
  assert.deepEqual(axisTicks([0, 0], 4, true), [0, 1]);
  assert.deepEqual(axisTicks([], 4, false).at(0), 0);
});

it('extends below zero if refunds exceed sales', () => {
  const ticks = axisTicks([-30, 100], 4, false);
  assert.deepEqual(ticks, [-40, 0, 40, 80, 120]);
  assert.equal(yPercent(0, ticks), 75);
});

it('labels at most the given number of days, always including the first', () => {
  assert.deepEqual(labeledDays(7, 8), [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(labeledDays(8, 8), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(labeledDays(9, 8), [0, 2, 4, 6, 8]);
  assert.deepEqual(labeledDays(1, 8), [0]);
  assert.equal(labeledDays(2_000, 8).length, 8);
});

it('finds the day under the pointer, and the first or last beyond the edges', () => {
  assert.equal(nearestDay(0.5, 3), 1);
  assert.equal(nearestDay(0.24, 3), 0);
  assert.equal(nearestDay(0.26, 3), 1);
  assert.equal(nearestDay(-0.2, 3), 0);
  assert.equal(nearestDay(1.2, 3), 2);
  assert.equal(nearestDay(0.7, 1), 0);
});

it('spreads the days from edge to edge, and centers a single day', () => {
  assert.deepEqual(
    [0, 1, 2].map((index) => xPercent(index, 3)),
    [0, 50, 100],
  );
  assert.equal(xPercent(0, 1), 50);
});

it('interrupts a line at missing values and continues after them', () => {
  const ticks = [0, 10];
  assert.equal(
    linePath([10, 5, null, 0, 10], ticks),
    'M0.000 0.000L25.000 50.000M75.000 100.000L100.000 0.000',
  );
  assert.equal(linePath([null, null], ticks), '');
});

it('fills the area down to zero, only below days with values', () => {
  const ticks = [0, 10];
  assert.equal(areaPath([10, 5, null], ticks), 'M0.000 0.000L50.000 50.000L50.000 100.000L0.000 100.000Z');
  assert.equal(areaPath([null], ticks), '');
});
