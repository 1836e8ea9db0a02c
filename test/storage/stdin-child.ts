import { fstatSync, statSync } from 'node:fs';
import { systemClock } from '../../src/lib/clock.ts';
import { openLog } from '../../src/lib/log.ts';
import { openWarehouse } from '../../src/warehouse/open.ts';
import { eventRow } from '../support/warehouse-store.ts';

// Run by stdin-starts.ts on a standard input of its choice. Each block is one insert, then two side by side.

const [path = '', blocks = ''] = process.argv.slice(2);
const warehouse = await openWarehouse({ path, log: openLog('silent'), clock: systemClock() });
for (let block = 0; block < Number(blocks); block += 1) {
  await warehouse.append([eventRow({ event_id: `e${block}`, app_user_id: `u${block}` })]);
}
const [row] = await warehouse.query<{ events: string; ids: string; users: string }>(
  `SELECT (SELECT count() FROM events) AS events, (SELECT count() FROM event_ids) AS ids,
    (SELECT uniqExact(app_user_id) FROM users) AS users`,
);
await warehouse.close();
const isNull = fstatSync(0).rdev === statSync('/dev/null').rdev;
process.stdout.write(`${JSON.stringify({ ...row, isNull })}\n`);
process.exit();
