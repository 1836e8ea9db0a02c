import type { Gateway } from '../engine/gateway.ts';
import type { DerivedTable } from './derive-sql.ts';
import type { Integrity } from './integrity.ts';
import { countDraft, createDraft, fillDraft, replaceByDraft } from './rebuild.ts';

/** Runs work while no block is being stored. */
export type Pause = (work: () => Promise<void>) => Promise<void>;

/** Each round derives what arrived during the one before; the last one, which blocks the writer, is short. */
const ROUNDS = 2;

/**
 * Derives a table from all events again, and replaces it in one step, while events are stored. Rejects with StorageError,
 * and with an Error if not all events could be read; the table stays as it was.
 */
export async function rebuildInUse(
  gateway: Gateway,
  table: DerivedTable,
  { pause, integrity }: { pause: Pause; integrity: Pick<Integrity, 'redefine'> },
): Promise<void> {
  await createDraft(gateway, table);
  let from = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    // Of the highest block, only a part may be visible.
    const to = await findHighest(gateway);
    await fillDraft(gateway, table, { from, to });
    from = to;
  }
  await pause(async () => {
    await fillDraft(gateway, table, { from });
    if (table === 'event_ids') await requireAll(gateway);
    await integrity.redefine(gateway, () => replaceByDraft(gateway, table));
  });
}

/** Returns the number of the highest block in the events; 0 if there is none. Rejects with StorageError. */
export async function findHighest(gateway: Gateway): Promise<number> {
  const [row] = await gateway.query<{ highest: string }>('SELECT max(block) AS highest FROM events');
  return Number(row?.highest ?? 0);
}

async function requireAll(gateway: Gateway): Promise<void> {
  const [row] = await gateway.query<{ events: string }>('SELECT count() AS events FROM events');
  const [events, ids] = [Number(row?.events ?? 0), await countDraft(gateway, 'event_ids')];
  if (events !== ids) throw new Error(`The store counts ${events} events, but ${ids} can be read.`);
}
