import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { adoptChild } from '../../test/support/adopt-child.ts';
import { createTestStore } from '../../test/support/warehouse-store.ts';

const cycles = 5;

/** Appends forever, with ids that repeat now and then, and prints each acknowledged id. */
const script = `
import { openWarehouse } from ${JSON.stringify(new URL('./open.ts', import.meta.url).href)};
import { eventRow } from ${JSON.stringify(new URL('../../test/support/warehouse-store.ts', import.meta.url).href)};
import { systemClock } from ${JSON.stringify(new URL('../lib/clock.ts', import.meta.url).href)};
import { openLog } from ${JSON.stringify(new URL('../lib/log.ts', import.meta.url).href)};
const [path, cycle] = process.argv.slice(1);
const warehouse = await openWarehouse({ path, log: openLog('silent'), clock: systemClock() });
let next = 0;
async function loop(lane) {
  for (;;) {
    // Two years in one append, so that it is more than one part on disk. Every tenth id repeats one of the previous cycle.
    const rows = [0, 1].map((year) => {
      const id = next++;
      const of = id % 10 === 0 ? Number(cycle) - 1 : cycle;
      const timestamp = Date.UTC(2025 + year, 1, 1);
      return eventRow({ project_id: 'proj_' + lane, event_id: lane + '.' + of + '.' + id, app_user_id: 'user_' + id, timestamp });
    });
    await warehouse.append(rows);
    process.stdout.write(rows.map((row) => row.event_id + '\\n').join(''));
  }
}
for (let lane = 0; lane < 8; lane += 1) loop(lane);
`;

async function appendUntilKilled(path: string, cycle: number, acknowledged: Set<string>): Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, path, String(cycle)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  adoptChild(child);
  const exit = once(child, 'exit');
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.add(line);
    lines += 1;
    // At a different moment in each cycle. What is in the pipe by then was acknowledged too, and is still read.
    if (lines === 100 + 37 * cycle) child.kill('SIGKILL');
  }
  const [, signal] = await exit;
  assert.equal(signal, 'SIGKILL');
}

test('keeps every acknowledged event exactly once through kill -9, and opens without manual repair', async () => {
  const store = await createTestStore();
  const acknowledged = new Set<string>();
  for (let cycle = 1; cycle <= cycles; cycle += 1) await appendUntilKilled(store.path, cycle, acknowledged);
  const warehouse = await store.open();
  try {
    const events = await warehouse.query<{ event_id: string; n: string }>(
      'SELECT event_id, count() AS n FROM events GROUP BY event_id',
    );
    assert.deepEqual(
      events.filter((event) => event.n !== '1'),
      [],
    );
    const stored = new Set(events.map((event) => event.event_id));
    assert.deepEqual(
      [...acknowledged].filter((id) => !stored.has(id)),
      [],
    );
    const [derived] = await warehouse.query(
      `SELECT (SELECT uniqExact(event_id) FROM event_ids) AS ids,
        (SELECT count() FROM events WHERE event_id NOT IN (SELECT event_id FROM event_ids)) AS lost,
        (SELECT count() FROM events WHERE (project_id, app_user_id) NOT IN
          (SELECT project_id, app_user_id FROM users)) AS unseen`,
    );
    assert.deepEqual(derived, { ids: String(stored.size), lost: '0', unseen: '0' });
  } finally {
    await warehouse.close();
    await store.remove();
  }
});
