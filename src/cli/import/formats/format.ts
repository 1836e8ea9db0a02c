import type { Fields } from '../../../sdk/mapping/event-parts.ts';
import type { EventMapper } from '../../../sdk/mapping/linking-mapper.ts';

/** What the mapper reads of a row, and the person's user properties after it, if the export repeats them with every row. */
export type ReadRow = { sent: Fields; snapshot?: Snapshot };

/** All user properties of a person at a time; `toSent` returns an event of the product that only sets them. */
export type Snapshot = {
  person: string | undefined;
  time: unknown;
  properties: Fields;
  toSent: () => Fields;
};

/** What another product exports: how its rows are recognized, and what they become. */
export type ExportFormat = {
  /** The value of `--from`. */
  name: string;
  /** The product, as people write it. */
  product: string;
  /** What a file has to be, for the error about one that isn't. */
  expected: string;
  /** Whether a row is an event of this product. */
  isEvent: (row: Fields) => boolean;
  /** The name of an event in the product. */
  nameOf: (row: Fields) => unknown;
  /** Returns a mapper from rows to our events. Its links are remembered, so a file of any size needs a new one sometimes. */
  createMapper: () => Pick<EventMapper, 'map' | 'derivedIds'>;
  /** Whether the times of some exports are local. */
  hasLocalTimes?: true;
  /** Whether the column `country` may have the name of a country. */
  hasCountryNames?: true;
  /** Returns a function from rows to what the mapper reads; `timeZone` is that of local times. */
  createReader: (timeZone?: string) => (row: Fields) => ReadRow;
};
