import { it } from 'node:test';
import { requireNoticed } from '../storage/damage/require-noticed.ts';

it('notices every damage to every kind of file of both stores, or is not harmed by it', async (t) => {
  await requireNoticed(
    () => true,
    (table) => t.diagnostic(`\n${table}`),
  );
});
