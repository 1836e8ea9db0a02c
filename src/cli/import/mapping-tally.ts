import type { Fields } from '../../sdk/mapping/event-parts.ts';
import { createEventTally, type SentEvents } from './event-tally.ts';
import type { ExportRow } from './export-events.ts';
import { createNameCounter, type NameCounts } from './name-counter.ts';
import type { RejectedLine } from './totals.ts';

/** Lines that were rejected for one reason; `first` is the first of them. */
export type Rejections = { count: number; first: RejectedLine };

/** What became of another product's rows. */
export type Mapping = SentEvents & {
  /** The last line that was read. */
  lines: number;
  rows: number;
  ignored: number;
  ignoredNames: NameCounts;
  /** Rows by the name of a country that has no code here. */
  unknownCountries: NameCounts;
  rejections: Rejections[];
};

/** Sums up rows in bounded memory. */
export type MappingTally = {
  /** Adds a row with those of its events that are valid, as far as that is known. */
  addRow: (row: ExportRow, events: readonly Fields[]) => void;
  addRejected: (rejected: RejectedLine) => void;
  read: () => Mapping;
};

/** Returns a tally without any row. */
export function createMappingTally(): MappingTally {
  const sent = createEventTally();
  const ignoredNames = createNameCounter();
  const unknownCountries = createNameCounter();
  const rejections = new Map<string, Rejections>();
  const sums = { lines: 0, rows: 0, ignored: 0 };
  return {
    addRow({ line, name, unknownCountry, events: mapped }, events) {
      sums.lines = line;
      sums.rows += 1;
      if (unknownCountry !== undefined) unknownCountries.add(unknownCountry);
      for (const event of events) sent.add(name, event);
      if (mapped.length > 0) return;
      sums.ignored += 1;
      ignoredNames.add(name);
    },
    addRejected(rejected) {
      sums.lines = rejected.line;
      const known = rejections.get(rejected.code);
      rejections.set(rejected.code, { count: (known?.count ?? 0) + 1, first: known?.first ?? rejected });
    },
    read: () => ({
      ...sums,
      ...sent.read(),
      ignoredNames: ignoredNames.read(),
      unknownCountries: unknownCountries.read(),
      rejections: [...rejections.values()],
    }),
  };
}
