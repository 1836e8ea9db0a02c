import type { Fields } from '../../../sdk/mapping/event-parts.ts';
import type { EventMapper } from '../../../sdk/mapping/linking-mapper.ts';

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
  /** Returns a function from rows, in order, to what the mapper reads; `timeZone` is that of local times. */
  createReader: (timeZone?: string) => (row: Fields) => Fields;
};
