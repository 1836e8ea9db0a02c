import { HOUR_MS } from '../lib/durations.ts';
import { createRecentMap, type RecentMap } from '../lib/recent-map.ts';
import { toStorableText } from '../lib/text/storable-text.ts';
import type { CountedSdkId } from './counted-sdk.ts';

/**
 * What became of an event (`accepted`, `duplicate`, `rejected`) or of a whole request (`refused`). A `link_conflict` is also among
 * `accepted`: the link of a `$identify` has no effect.
 */
export const OUTCOMES = ['accepted', 'duplicate', 'rejected', 'refused', 'link_conflict'] as const;

/** One of `OUTCOMES`. */
export type Outcome = (typeof OUTCOMES)[number];

/** Who sent: the key (or the member), in one project, and with what. */
export type Source = { projectId: string; keyId: string; sdkId: CountedSdkId };

/** The counts of a source for one SDK and app in one hour, of which `hour` is the first millisecond. */
export type Cell = Source & {
  hour: number;
  /** Name and version. Empty if unknown. */
  sdk: string;
  /** Empty if unknown. */
  appId: string;
  accepted: number;
  duplicates: number;
  linkConflicts: number;
  /** By code. */
  rejected: Map<string, number>;
  /** By code. */
  refused: Map<string, number>;
};

/** Counts in memory, the SDKs that each key named in this hour, and the one that last sent links, by `senderNameOf`. */
export type Tally = {
  cells: Map<string, Cell>;
  sdks: Map<string, Set<string>>;
  sdksHour: number;
  senders: RecentMap<string, CountedSdkId>;
};

/** SDKs that a key can name per app and hour. Anyone who has an app can send any, so there must be a limit. */
export const SDKS_MAX = 20;

/** What further SDKs are counted as. */
export const OTHER_SDK = 'other';

/** Keys and apps whose SDKs are remembered. With more, the limit of each starts again. */
const SDK_LISTS_MAX = 10_000;

/** Cells in memory: more than are used between two flushes, and a bound while none succeeds. */
export const CELLS_MAX = 100_000;

/** Returns a tally without counts. */
export function createTally(): Tally {
  return { cells: new Map(), sdks: new Map(), sdksHour: 0, senders: createRecentMap(SDK_LISTS_MAX) };
}

/** Returns the cell to count in; undefined if too many counts wait to be written. */
export function findCell(
  tally: Tally,
  source: Source,
  at: { nowMs: number; appId: string; sdk: string },
): Cell | undefined {
  const hour = at.nowMs - (at.nowMs % HOUR_MS);
  const sdk = limitSdk(tally, source, hour, { ...at, sdk: toStorableText(at.sdk) });
  const name = nameOf(source, hour, at.appId, sdk);
  const known = tally.cells.get(name);
  if (known) return known;
  if (tally.cells.size >= CELLS_MAX) return undefined;
  const cell = createCell(source, hour, at.appId, sdk);
  tally.cells.set(name, cell);
  return cell;
}

/** Adds one to the count of a code. */
export function countCode(codes: Map<string, number>, code: string, count = 1): void {
  codes.set(code, (codes.get(code) ?? 0) + count);
}

/** Removes up to `max` cells from the tally, those that have waited longest first, and returns them. */
export function takeCells(tally: Tally, max = CELLS_MAX): Cell[] {
  const taken: Cell[] = [];
  for (const [name, cell] of tally.cells) {
    if (taken.length >= max) break;
    taken.push(cell);
    tally.cells.delete(name);
  }
  return taken;
}

/** Adds cells that could not be written to those that were counted meanwhile. */
export function returnCells(tally: Tally, cells: readonly Cell[]): void {
  for (const cell of cells) {
    const name = nameOf(cell, cell.hour, cell.appId, cell.sdk);
    const known = tally.cells.get(name);
    if (!known) tally.cells.set(name, cell);
    else addCell(known, cell);
  }
}

/** Remembers what the links of a key, app and SDK were sent with. */
export const rememberSender = (tally: Tally, source: Source, at: SenderParts): void =>
  tally.senders.set(senderNameOf(source, at), source.sdkId);

/** Returns what the links of a key, app and SDK were last sent with, as far as this process remembers. */
export const recallSender = (tally: Tally, source: Omit<Source, 'sdkId'>, at: SenderParts): CountedSdkId =>
  tally.senders.get(senderNameOf(source, at)) ?? 'unknown';

type SenderParts = { appId: string; sdk: string };

const senderNameOf = ({ projectId, keyId }: Omit<Source, 'sdkId'>, { appId, sdk }: SenderParts) =>
  `${projectId} ${keyId} ${appId} ${sdk}`;

function addCell(to: Cell, from: Cell): void {
  to.accepted += from.accepted;
  to.duplicates += from.duplicates;
  to.linkConflicts += from.linkConflicts;
  for (const kind of ['rejected', 'refused'] as const)
    for (const [code, count] of from[kind]) countCode(to[kind], code, count);
}

function createCell({ projectId, keyId, sdkId }: Source, hour: number, appId: string, sdk: string): Cell {
  const counts = { accepted: 0, duplicates: 0, linkConflicts: 0, rejected: new Map(), refused: new Map() };
  return { projectId, keyId, sdkId, hour, appId, sdk, ...counts };
}

const nameOf = ({ projectId, keyId, sdkId }: Source, hour: number, appId: string, sdk: string) =>
  `${hour} ${projectId} ${keyId} ${sdkId} ${appId} ${sdk}`;

function limitSdk(
  tally: Tally,
  { projectId, keyId }: Source,
  hour: number,
  { appId, sdk }: { appId: string; sdk: string },
): string {
  if (sdk === '') return sdk;
  if (tally.sdksHour !== hour || tally.sdks.size >= SDK_LISTS_MAX) {
    tally.sdks.clear();
    tally.sdksHour = hour;
  }
  const name = `${projectId} ${keyId} ${appId}`;
  const known = tally.sdks.get(name);
  if (!known) tally.sdks.set(name, new Set([sdk]));
  else if (known.has(sdk)) return sdk;
  else if (known.size < SDKS_MAX) known.add(sdk);
  else return OTHER_SDK;
  return sdk;
}
