import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import type { Connection, QueryRun } from './connection.ts';
import { markSql } from './kill.ts';

export type ConnectionParts = Pick<Connection, 'command'> & {
  /** Returns when to give up a query with this time limit, if the engine may not answer at all. */
  giveUpAfter?: (limitMs: number) => AbortSignal;
};

/** Returns a connection of a client. */
export function createConnection(
  client: ClickHouseClient,
  { command, giveUpAfter }: ConnectionParts,
): Connection {
  return {
    async query<Row>(sql: string, { limitMs, mark, hasOneThread }: QueryRun) {
      // JSONEachRow only: with other formats, a partial result of a failed query can leak into the next query's
      // result. The limit comes after FORMAT, inside the text: there it applies to this statement only and leaves the
      // statement's own SETTINGS in place.
      const threads = hasOneThread ? ', max_threads = 1' : '';
      const settings = `max_execution_time = ${limitMs / 1000}${threads}`;
      const query = `${markSql(mark)} ${sql}\nFORMAT JSONEachRow SETTINGS ${settings}`;
      const signal = giveUpAfter?.(limitMs);
      const answer = await client.exec({ query, ...(signal && { abort_signal: signal }) });
      return await parseRows<Row>(await text(answer.stream));
    },
    command,
    async close() {
      await client.close();
    },
  };
}

/** How much is parsed in one go, some 2 ms; a larger result lets others have the event loop in between. */
const PIECE_CHARACTERS = 256 * 1_024;

/** Parses all lines. Newlines inside values are always escaped, so each newline ends a row. */
async function parseRows<Row>(lines: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let from = 0; from < lines.length; ) {
    if (from > 0) await setImmediate();
    const newline = lines.indexOf('\n', from + PIECE_CHARACTERS);
    const to = newline === -1 ? lines.length : newline;
    const piece = lines.slice(from, to).trimEnd();
    const parsed: Row[] = JSON.parse(`[${piece.replaceAll('\n', ',')}]`);
    if (from === 0 && to === lines.length) return parsed;
    for (const row of parsed) rows.push(row);
    from = to + 1;
  }
  return rows;
}
