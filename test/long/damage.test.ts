import { it } from 'node:test';
import { requireNoticed } from '../storage/damage/require-noticed.ts';

/** Has no factor in common with the number of damages to a file, so that each damage is done to some files. */
const EVERY = 5;

// test/by-hand/damage.test.ts does every damage to every kind of file.
it('notices damage to files of both stores, or is not harmed by it', async (t) => {
  await requireNoticed(
    (_, index) => index % EVERY === 0,
    (table) => t.diagnostic(`\n${table}`),
  );
});
