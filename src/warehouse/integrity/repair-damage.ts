import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import { PROGRAM } from '../../lib/program.ts';
import type { Gateway } from '../engine/gateway.ts';
import { describeDamage } from './damage-error.ts';
import { CONTENT_OF, type DerivedTable } from './derive-sql.ts';
import type { Damage } from './find-damage.ts';
import { hasDeletedEvents } from './keep-older-rows.ts';
import { type Loss, recordOnce } from './losses.ts';
import { isAging } from './lost-rows.ts';
import { type BeforeReplacing, dropDraft, rebuildTable } from './rebuild.ts';

/**
 * Records the events that are lost, then derives again what depends on them, so that IDs of lost events count as new.
 * Returns what could not be repaired, as sentences. Rejects if a loss cannot be recorded.
 */
export async function repairDamage(
  gateway: Gateway,
  folder: string,
  damage: Damage,
  { clock, noteLostRows }: Pick<BeforeReplacing, 'noteLostRows'> & { clock: Clock },
): Promise<string[]> {
  const problems: string[] = [];
  const foundAt = new Date(clock.now()).toISOString();
  const record = async (events: number) => {
    const isLost = events < damage.expected;
    if (!isLost && !damage.hasNoLedger) return;
    const received = isLost ? await findReceived(gateway) : undefined;
    const loss = { foundAt, events: damage.expected - events, received, parts: damage.parts };
    await recordOnce(folder, loss);
  };
  if (damage.hasDamagedIds || damage.expected > damage.events) {
    try {
      const count = async (events: number) => {
        if (events !== damage.events) problems.push(describeCounts(damage.events, events));
        await record(events);
      };
      await rebuildTable(gateway, 'event_ids', { count, noteLostRows });
    } catch (error) {
      await record(damage.events);
      await dropDraft(gateway, 'event_ids');
      problems.push(describeFailure('event_ids', error));
    }
  } else {
    await record(damage.events);
  }
  for (const table of damage.damaged) {
    try {
      // The table has lost a part of which only the number of rows is known.
      if (isAging(table) && (await hasDeletedEvents(gateway))) await noteLostRows(table);
      await rebuildTable(gateway, table, { noteLostRows });
    } catch (error) {
      await dropDraft(gateway, table);
      problems.push(describeFailure(table, error));
    }
  }
  return problems;
}

/** Returns why a table could not be derived again, as sentences with what to do. */
export function describeFailure(table: DerivedTable, error: unknown): string {
  return `${CONTENT_OF[table]} could not be derived again. ${describeDamage(error) ?? messageOf(error)}`;
}

const describeCounts = (counted: number, read: number) =>
  `The event store counts ${counted} events, but ${read} can be read: a file of the table events is damaged. ` +
  `Stop the server and run \`${PROGRAM} doctor\`, which checks every file and says what to do.`;

/** The number of a block is the microsecond in which it was stored, or a few more. */
const RECEIVED_SQL = `SELECT count() AS blocks, min(block) AS first, max(block) AS last FROM (
  SELECT block, sum(n) AS missing FROM (
    SELECT block, 1 AS n FROM event_ids UNION ALL SELECT block, -1 AS n FROM events
  ) GROUP BY block HAVING missing > 0
) SETTINGS max_bytes_before_external_group_by = 500000000`;

/** Returns when the events were received whose ids are stored without them; undefined if that cannot be determined. */
async function findReceived(gateway: Gateway): Promise<Loss['received']> {
  type Row = { blocks: string; first: string; last: string };
  const [row] = await gateway.query<Row>(RECEIVED_SQL, {}, { timeoutMs: 600_000 }).catch(() => []);
  if (row === undefined || row.blocks === '0') return undefined;
  const toTime = (block: string) => new Date(Number(block) / 1000).toISOString();
  return { from: toTime(row.first), to: toTime(row.last) };
}
