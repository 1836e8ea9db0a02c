import assert from 'node:assert/strict';
import { it } from 'node:test';
import { listMissing } from './parts.ts';

it('misses a part unless its range is on disk, in a larger part or in those that it was merged from', () => {
  const recorded = ['all_1_4_1', '2026_1_4_1'];
  const cases: [present: string[], missing: string[]][] = [
    [recorded, []],
    [['all_1_9_2', '2026_1_4_1_12'], []],
    [['2026_3_4_1', '2026_1_1_0', 'all_4_4_0', '2026_2_2_0', 'all_1_3_1'], []],
    [['all_1_1_0', 'all_3_9_1', '2026_1_4_1'], ['all_1_4_1']],
    [['all_2_4_1', '2026_1_3_1'], recorded],
    [[], recorded],
  ];
  for (const [present, missing] of cases) assert.deepEqual(listMissing(recorded, present), missing);
});
