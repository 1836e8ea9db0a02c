import { setImmediate } from 'node:timers/promises';
import type { IngestionHourTable } from '../control/ingestion-schema.ts';

type Row = Pick<IngestionHourTable, 'hour' | 'outcome' | 'count'>;

/** What became of the events of each key and SDK, in all periods together. */
export type SourceTotals = {
  /** Adds a row. If rows of a source are not in the order of their hours, a period may count twice, and fewer sources are listed. */
  add(source: string, row: Row): void;
  /**
   * Returns the sources with the most problems (rejected, refused and links without effect), then the most events, that have at most
   * `rowsMax` periods together.
   */
  listFirst(rowsMax: number): Promise<Set<string>>;
};

type Totals = { source: string; problems: number; events: number; periods: number; lastPeriod: number };

/** Returns totals without sources. */
export function createSourceTotals(intervalMs: number): SourceTotals {
  const bySource = new Map<string, Totals>();

  function getTotals(source: string): Totals {
    const known = bySource.get(source);
    if (known) return known;
    const totals = { source, problems: 0, events: 0, periods: 0, lastPeriod: Number.NaN };
    bySource.set(source, totals);
    return totals;
  }

  return {
    add(source, { hour, outcome, count }) {
      const totals = getTotals(source);
      totals[outcome === 'accepted' || outcome === 'duplicate' ? 'events' : 'problems'] += count;
      const period = hour - (hour % intervalMs);
      if (period !== totals.lastPeriod) totals.periods += 1;
      totals.lastPeriod = period;
    },
    async listFirst(rowsMax) {
      const first = await selectFirst([...bySource.values()], rowsMax);
      let rows = 0;
      const kept = new Set<string>();
      for (const { source, periods } of first) {
        rows += periods;
        if (rows > rowsMax) break;
        kept.add(source);
      }
      return kept;
    },
  };
}

/** Returns the first `max` in order. Sorts in parts: sorting hundreds of thousands together would delay other requests. */
async function selectFirst(all: readonly Totals[], max: number): Promise<Totals[]> {
  let first: Totals[] = [];
  for (let start = 0; start < all.length; start += max) {
    if (start > 0) await setImmediate();
    first = [...first, ...all.slice(start, start + max)].sort(compare).slice(0, max);
  }
  return first;
}

const compare = (one: Totals, other: Totals) => other.problems - one.problems || other.events - one.events;
