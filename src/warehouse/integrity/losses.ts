import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { PROGRAM } from '../../lib/program.ts';
import { describeLostRows, type LosableTable } from './lost-rows.ts';
import { readSealedFile, writeSealedFile } from './sealed-file.ts';

/** A part that is lost: its name, or where the engine has put it aside, and what was in it if that is known. */
export type LostPart = {
  name: string;
  detached: string | undefined;
  rows?: number;
  from?: string;
  to?: string;
};

/** Acknowledged events that were no longer there at a start. */
export type Loss = {
  foundAt: string;
  events: number;
  /** When they had been received; undefined if that cannot be determined. */
  received?: { from: string; to: string } | undefined;
  parts: LostPart[];
  /** Where the log is damaged that contained them; `events` is 0 if it does not say how many. */
  log?: { file: string; at: number };
  /** The table that lost rows, unless it is `events`; `events` is 0 then. */
  table?: LosableTable;
};

const FILE = 'losses.json';
const ACCEPT = `Then run \`${PROGRAM} doctor --accept-loss\` to stop this warning.`;

const RESTORE = 'Restore the data folder from a backup';
const UNREADABLE = `Stored events are lost, but ${FILE}, which says which, is damaged. Compare with a backup.`;
const NO_LEDGER =
  'ledger.json, the record of what the event store contains, was missing or damaged: events lost before then may ' +
  'have gone unnoticed. Compare with a backup.';

/** The path of the file in the store's folder that lists losses that were not accepted yet. */
export const lossesFile = (folder: string) => join(folder, FILE);

/** Returns the losses that were not accepted yet. A file that cannot be read counts as one of unknown extent. */
export async function readLosses(folder: string): Promise<Loss[]> {
  const read = await readSealedFile(lossesFile(folder));
  if (read === 'missing') return [];
  return read === 'damaged'
    ? [{ foundAt: '', events: 0, received: undefined, parts: [] }]
    : (read.value as Loss[]);
}

/** Adds a loss to the file, unless it is part of one that was recorded before. It is on disk when the promise resolves. */
export async function recordOnce(folder: string, loss: Loss): Promise<void> {
  const losses = await readLosses(folder);
  if (!losses.some((known) => includesLoss(known, loss))) await recordLoss(folder, loss);
}

/** Whether a loss contains all of another one. A start that was interrupted may have recorded more parts than the next one finds. */
function includesLoss(known: Loss, { events, table, parts }: Loss): boolean {
  if (known.events !== events || known.table !== table) return false;
  if (parts.length === 0) return known.parts.length === 0;
  const names = new Set(known.parts.map(({ name }) => name));
  return parts.every(({ name }) => names.has(name));
}

/** Adds a loss to the file. It is on disk when the promise resolves. */
export async function recordLoss(folder: string, loss: Loss): Promise<void> {
  await writeSealedFile(lossesFile(folder), [...(await readLosses(folder)), loss]);
}

/** Whether the store's folder lists losses that were not accepted yet. */
export function hasLosses(folder: string): boolean {
  return existsSync(lossesFile(folder));
}

/** Accepts all losses: keeps their file under another name, which is returned; undefined if there are none. */
export async function acceptLosses(folder: string, now: Date): Promise<string | undefined> {
  if (!hasLosses(folder)) return undefined;
  const kept = join(folder, `losses-accepted-${now.toISOString().replaceAll(':', '-')}.json`);
  await rename(lossesFile(folder), kept);
  return kept;
}

/** Returns a loss as sentences: how much, which parts, from which time, and what to do. */
export function describeLoss({ foundAt, events, received, parts, log, table }: Loss): string {
  if (foundAt === '') return `${UNREADABLE} ${ACCEPT}`;
  if (table !== undefined)
    return `${describeLostRows(table)} (Found at ${foundAt}.)${describeLostParts(parts, table)} ${RESTORE}. ${ACCEPT}`;
  if (log !== undefined) return describeLogLoss(events, log, received);
  if (events === 0) return `At ${foundAt} ${NO_LEDGER} ${ACCEPT}`;
  const what = `${events.toLocaleString('en-US')} stored events`;
  const when = received ? ` They were received from ${received.from} to ${received.to}.` : '';
  const which = describeLostParts(parts);
  return (
    `${what} are lost (found at ${foundAt}).${which}${when} ${RESTORE}, ` +
    `or send these events again: their IDs count as new. ${ACCEPT}`
  );
}

function describeLogLoss(
  events: number,
  { file, at }: { file: string; at: number },
  received: Loss['received'],
): string {
  const what = events === 0 ? 'Stored events' : `${events.toLocaleString('en-US')} stored events`;
  const when = received ? ` They were received from ${received.from} to ${received.to}.` : '';
  return (
    `${what} are lost: the event log is damaged in ${file} at byte ${at}.${when} ` +
    `Send these events again: their IDs count as new. ${ACCEPT}`
  );
}

/** Returns a sentence for each part: where it is, and what was in it if that is known. */
export function describeLostParts(parts: readonly LostPart[], table = 'events'): string {
  return parts.map((part) => describePart(part, table)).join('');
}

function describePart({ name, detached, rows, from, to }: LostPart, table: string): string {
  const unit = table === 'events' ? 'events' : 'rows';
  const content =
    rows === undefined
      ? ''
      : `, ${rows.toLocaleString('en-US')} ${unit}${from ? ` from ${from} to ${to}` : ''}`;
  const where = detached === undefined ? 'is missing' : `is damaged and was moved to ${detached}`;
  return ` Part ${name} of the table ${table} ${where}${content}.`;
}
