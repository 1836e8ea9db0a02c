import type { Gateway } from '../engine/gateway.ts';
import type { BlockRange } from '../persons/read-person-events.ts';
import type { DerivedTable } from './derive-sql.ts';
import type { Integrity } from './integrity.ts';
import { countDraft, createDraft, fillDraft, replaceByDraft } from './rebuild.ts';

/** Runs work while no block is being stored. */
export type Pause = (work: () => Promise<void>, options?: { evenIfFailing?: boolean }) => Promise<void>;

/** Each round derives what arrived during the one before; the last one, which blocks the writer, is short. */
const ROUNDS = 2;

/**
 * Derives a table from all events again, and replaces it in one step, while events are stored. Rejects with StorageError,
 * and with an Error if not all events could be read; the table stays as it was.
 */
export async function rebuildInUse(
  gateway: Gateway,
  table: DerivedTable,
  { pause, integrity }: { pause: Pause; integrity: Pick<Integrity, 'redefine' | 'noteLostRows'> },
): Promise<void> {
  await createDraft(gateway, table);
  const fill = async (blocks: BlockRange) => {
    const damaged = await fillDraft(gateway, table, blocks);
    if (damaged) await integrity.noteLostRows(damaged);
  };
  let from = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const to = await findComplete(gateway, pause, from);
    await fill({ from, to });
    from = to;
  }
  await pause(async () => {
    await fill({ from });
    if (table === 'event_ids') await requireAll(gateway);
    await integrity.redefine(gateway, () => replaceByDraft(gateway, table));
  }, EVEN_IF_FAILING);
}

/** The damaged table may be why events cannot be inserted. */
export const EVEN_IF_FAILING = { evenIfFailing: true };

/**
 * Returns the highest block at a moment when all blocks are complete; `known`, if events cannot be inserted now. While blocks are
 * inserted, those of a year become visible before those of another one.
 */
async function findComplete(gateway: Gateway, pause: Pause, known: number): Promise<number> {
  let highest = known;
  const find = async () => {
    highest = await findHighest(gateway);
  };
  await pause(find).catch(() => undefined);
  return highest;
}

/** Returns the number of the highest block in the events; 0 if there is none. Rejects with StorageError. */
export async function findHighest(gateway: Pick<Gateway, 'query'>): Promise<number> {
  const [row] = await gateway.query<{ highest: string }>('SELECT max(block) AS highest FROM events');
  return Number(row?.highest ?? 0);
}

async function requireAll(gateway: Gateway): Promise<void> {
  const [row] = await gateway.query<{ events: string }>('SELECT count() AS events FROM events');
  const [events, ids] = [Number(row?.events ?? 0), await countDraft(gateway, 'event_ids')];
  if (events !== ids) throw new Error(`The store counts ${events} events, but ${ids} can be read.`);
}
