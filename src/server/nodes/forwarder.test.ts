import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventRow } from '../../../test/support/warehouse-store.ts';
import { systemClock } from '../../lib/clock.ts';
import { StorageError } from '../../lib/errors.ts';
import { openLog } from '../../lib/log.ts';
import type { EventRow } from '../../warehouse/event-row.ts';
import { createForwarder } from './forwarder.ts';

it('stores no queued event of a person who was erased by the owner before, when this node becomes the owner', async () => {
  const stored: EventRow[] = [];
  let refreshed = 0;
  const forwarder = createForwarder({
    client: { post: async () => assert.fail() },
    election: { owner: () => undefined, poke: async () => {}, changed: async () => {} },
    own: () => ({
      async append(rows) {
        stored.push(...rows);
        return rows.map(() => true);
      },
    }),
    isErased: ({ app_user_id }) => app_user_id === 'erased',
    async onErased() {
      refreshed += 1;
    },
    clock: systemClock(),
    log: openLog('silent'),
  });
  const [erased, other] = [
    eventRow({ event_id: 'a', app_user_id: 'erased' }),
    eventRow({ event_id: 'b', app_user_id: 'other' }),
  ];
  const [refused, accepted] = await Promise.allSettled([
    forwarder.append([erased]),
    forwarder.append([other]),
  ]);
  assert.ok(refused.status === 'rejected' && refused.reason instanceof StorageError);
  assert.equal(refused.reason.reason, 'unavailable');
  assert.deepEqual(accepted, { status: 'fulfilled', value: [true] });
  assert.deepEqual([stored, refreshed], [[other], 1]);
});
