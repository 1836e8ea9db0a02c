import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { averageRates, renderRetentionCsv } from './retention-csv.ts';

const COHORTS = [
  { cohort: '2026-11-02', size: 10, users: [10, 5, 2], rate: [1, 0.5, 0.2] },
  { cohort: '2026-11-09', size: 30, users: [30, 3, null], rate: [1, 0.1, null] },
  { cohort: '2026-11-16', size: 0, users: [0, null, null], rate: [null, null, null] },
];

describe('retention', () => {
  it('exports what is shown, with nothing for periods that have not ended', () => {
    const csv = renderRetentionCsv({ data: COHORTS, meta: { interval: 'week' } });
    assert.equal(
      csv,
      'cohort,size,week_1,week_2\r\n2026-11-02,10,5,2\r\n2026-11-09,30,3,\r\n2026-11-16,0,,\r\n',
    );
  });

  it('averages the people of all cohorts that have reached a period', () => {
    assert.deepEqual(averageRates(COHORTS), [1, 0.2, 0.2]);
    assert.deepEqual(averageRates([]), []);
  });
});
