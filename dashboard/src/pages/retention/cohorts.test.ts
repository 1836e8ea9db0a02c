import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isTooEarly, sinceFirstPeople } from './cohorts.ts';

const cohort = (day: number, size: number, rate: (number | null)[]) => ({
  cohort: `2026-11-0${day}`,
  size,
  users: rate.map((one) => (one === null ? null : one * size)),
  rate,
});

it('leaves out cohorts before the first people, and keeps later ones without', () => {
  const [before, first, none] = [cohort(1, 0, []), cohort(2, 3, [1]), cohort(3, 0, [])];
  assert.deepEqual(sinceFirstPeople([before, first, none]), [first, none]);
  assert.deepEqual(sinceFirstPeople([before, none]), []);
});

it('is too early until a period after the first has ended for a cohort with people', () => {
  assert.equal(isTooEarly([cohort(1, 0, [null, null]), cohort(2, 3, [1, null])]), true);
  assert.equal(isTooEarly([cohort(1, 2, [1, 0]), cohort(2, 3, [1, null])]), false);
});
