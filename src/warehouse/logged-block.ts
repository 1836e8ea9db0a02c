import { decodeLine } from './event-columns.ts';
import type { EventRow } from './event-row.ts';
import { eventKey } from './id-filter.ts';
import type { LogRecord } from './log/record.ts';

/** A block that is in the log: its number, and its rows, each with its dedupe key. */
export type LoggedBlock = {
  block: number;
  rows: readonly EventRow[];
  keys: readonly string[];
  /** A line for each row, as the log contains them and the engine reads them. */
  text: string;
};

/** Returns encoded rows (see `encodeRow`) as the text of a block. */
export function joinLines(lines: readonly string[], block: number): string {
  const end = `,${block}]`;
  return lines.length === 0 ? '' : `${lines.join(`${end}\n`)}${end}`;
}

/** Returns the block in a record of the log. */
export function toLoggedBlock({ block, text }: Pick<LogRecord, 'block' | 'text'>): LoggedBlock {
  const rows = text.split('\n').map(decodeLine);
  return { block, rows, keys: rows.map(eventKey), text };
}
