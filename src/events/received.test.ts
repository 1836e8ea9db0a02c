import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cleanUp } from '../../test/support/clean-up.ts';
import { makeManualTimers } from '../../test/support/manual-timers.ts';
import { createTestStore, eventRow } from '../../test/support/warehouse-store.ts';
import type { EventRow } from '../warehouse/event-row.ts';
import { buildFilter } from './event-filter.ts';
import { openTail, RESUME_BYTES_MAX, RESUME_EVENTS_MAX } from './live-tail.ts';

const store = await createTestStore();
const warehouse = await store.open();
cleanUp(async () => {
  await warehouse.close();
  await store.remove();
});

const BLOCK_ROWS = 10_000;

async function append(rows: EventRow[], blockRows = BLOCK_ROWS): Promise<void> {
  for (let at = 0; at < rows.length; at += blockRows) await warehouse.append(rows.slice(at, at + blockRows));
}

const idsIn = (text: string) => [...text.matchAll(/"event_id":"([^"]+)"/g)].map(([, id]) => id);

/** Opens the tail of a reader that has not received any event yet. */
function resume(projectId: string) {
  const { time, countTimers } = makeManualTimers();
  const filter = {
    projectId,
    storeFilter: () => buildFilter(projectId, ['app_a'], {}),
    matches: () => true,
  };
  const never = new AbortController().signal;
  const { chunks, end } = openTail(warehouse, filter, [0], never, time.schedule);
  const iterator = chunks[Symbol.asyncIterator]();
  const next = async (): Promise<string> => (await iterator.next()).value ?? '';
  return {
    next,
    /** Returns all messages until the tail waits for new events. */
    async catchUp(): Promise<string> {
      let text = '';
      for (;;) {
        const received = next();
        const isWaiting = await Promise.race([received.then(() => false), untilWaiting(countTimers)]);
        if (!isWaiting) {
          text += await received;
          continue;
        }
        end('overloaded');
        return text + (await received);
      }
    },
  };
}

async function untilWaiting(countTimers: () => number): Promise<true> {
  while (countTimers() === 0) await new Promise(setImmediate);
  return true;
}

describe('a reader that resumes', () => {
  it('gets everything it missed in receive order, over several pages', async () => {
    const project_id = 'proj_much';
    // Later blocks contain older events.
    const rows = Array.from({ length: RESUME_EVENTS_MAX }, (_, index) =>
      eventRow({
        project_id,
        event_id: String(index).padStart(6, '0'),
        timestamp: Date.UTC(2026, 4, 20 - Math.floor(index / BLOCK_ROWS)) + Math.floor(index / 3),
      }),
    );
    await append(rows);
    const text = await resume(project_id).catchUp();
    assert.deepEqual(
      idsIn(text),
      rows.map(({ event_id }) => event_id),
    );
    assert.ok(!text.includes('event: gap'));
    await append([eventRow({ project_id, event_id: 'one too many' })]);
    const reader = resume(project_id);
    await reader.next();
    const gap = await reader.next();
    assert.match(
      gap,
      new RegExp(`^id: \\S+\nevent: gap\ndata: \\{"missed":${RESUME_EVENTS_MAX + 1}\\}\n\n$`),
    );
    const live = reader.next();
    await append([eventRow({ project_id, event_id: 'live' })]);
    assert.deepEqual(idsIn(await live), ['live']);
  });

  it('gets a gap immediately when it missed too much', async () => {
    const project_id = 'proj_heavy';
    const bytes = 25_000;
    const properties = JSON.stringify({ filling: 'x'.repeat(bytes - 14) });
    const rows = Array.from({ length: RESUME_BYTES_MAX / bytes }, (_, index) =>
      eventRow({ project_id, event_id: String(index).padStart(6, '0'), properties }),
    );
    await append(rows, 400);
    assert.equal(idsIn(await resume(project_id).catchUp()).length, rows.length);
    await append([eventRow({ project_id, event_id: 'one too many' })]);
    const reader = resume(project_id);
    await reader.next();
    assert.match(await reader.next(), new RegExp(`event: gap\ndata: \\{"missed":${rows.length + 1}\\}`));
  });
});
