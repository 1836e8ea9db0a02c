import type { Day, DayRange } from '../lib/calendar.ts';
import { HOUR_MS } from '../lib/durations.ts';
import { dayAt } from '../lib/zone-offsets.ts';

/** What the rows of a day in the rollups add up to: users by the ID that was sent, their sessions, events, and revenue by currency. */
export type DayTotals = {
  users: number;
  sessions: number;
  events: number;
  revenue: readonly RevenueTotal[];
};

/** The revenue of a day in one currency, as decimals: all of it, and what was sent with server keys; null if nothing was. */
export type RevenueTotal = { currency: string; all: string; verified: string | null };

/** The totals of a day without rows. */
export const NO_TOTALS: DayTotals = { users: 0, sessions: 0, events: 0, revenue: [] };

/**
 * A day as the rollups contain it: which version, and up to which block of the events. Events of later blocks are not in it. The totals
 * are unknown where another node derives them.
 */
export type RolledDay = { version: number; block: number; totals?: DayTotals };

/** What is known about the days of one app, in memory: which are rolled up, and which have changed since. */
export type AppDays = {
  readonly timezone: string;
  /** IDs of links whose rows may be missing in `linked_days`. */
  readonly newLinks: Set<string>;
  /** Notes that the person of IDs may have changed. */
  noteRelinked(): void;
  /** Notes that an event of this hour (since 1970, UTC) was stored, in a block above those of all rollups. */
  noteHour(hour: number): void;
  /** The same for an event in a block that rollups may go beyond without it. */
  forgetHour(hour: number): void;
  /** Whether all days with events are known. */
  isComplete(): boolean;
  setComplete(): void;
  /** Returns the days that have changed since the last call, and forgets them. */
  takeChanged(): Day[];
  /** Puts days back that could not be derived. */
  putBack(days: readonly Day[]): void;
  hasChanged(): boolean;
  setRolled(day: Day, rolled: RolledDay): void;
  /** Notes that other nodes read this version of a day from now on, even if it is forgotten here. */
  noteVersion(day: Day, version: number): void;
  /** Returns those of the days that were taken and not put back or forgotten since. */
  filterTaken(days: readonly Day[]): Day[];
  /** Where the next version of a day goes: not where the one is that counts, here or for other nodes, which do not know what was forgotten. */
  nextSlot(day: Day): 0 | 1;
  /** From now on these days are read from the events, until they are derived again. */
  forget(days: readonly Day[]): void;
  /** Returns the days of a range that are rolled up, and those that have events which are not in the rollups. */
  find(range: DayRange): FoundDays;
};

/**
 * `rolled` are days whose rollup counts, the same object until a day is derived again; `changed` are days with events in blocks above the
 * one given for each. Rows of the IDs in `newLinks` may be missing in `linked_days`; undefined if there are more than NEW_LINKS_MAX. While
 * `linkRevision` is the same, each ID belongs to the same person.
 */
export type FoundDays = {
  rolled: Map<Day, RolledDay>;
  changed: Map<Day, number>;
  newLinks: readonly string[] | undefined;
  linkRevision: number;
};

/** Up to so many newly linked IDs are looked for one by one. */
export const NEW_LINKS_MAX = 1_000;

/** Midnight may be inside an hour. */
const daysOfHour = (timezone: string, hour: number): Day[] => [
  dayAt(timezone, hour * HOUR_MS),
  dayAt(timezone, (hour + 1) * HOUR_MS - 1),
];

/** Where versions are: the last version of each day that counted, also of those that are forgotten. */
function createSlots() {
  const versions = new Map<Day, number>();
  return {
    note: (day: Day, version: number) => void versions.set(day, version),
    next: (day: Day): 0 | 1 => ((versions.get(day) ?? 1) % 2 === 0 ? 1 : 0),
  };
}

/** Returns the days of an app whose days start at midnight in `timezone`, with none rolled up. */
export function createAppDays(timezone: string): AppDays {
  const rolled = new Map<Day, RolledDay>();
  const slots = createSlots();
  let changedHours = new Set<number>();
  let changed = new Set<Day>();
  /** Taken, and not derived yet. */
  const pending = new Set<Day>();
  const newLinks = new Set<string>();
  let linkRevision = 0;
  let isComplete = false;

  const putBack = (days: readonly Day[]) => {
    for (const day of days) {
      pending.delete(day);
      changed.add(day);
    }
  };

  const forget = (days: readonly Day[]) => {
    for (const day of days) rolled.delete(day);
    putBack(days);
  };
  return {
    timezone,
    newLinks,
    noteRelinked() {
      linkRevision += 1;
    },
    noteHour(hour) {
      if (changedHours.has(hour)) return;
      changedHours.add(hour);
      for (const day of daysOfHour(timezone, hour)) changed.add(day);
    },
    forgetHour: (hour) => forget(daysOfHour(timezone, hour)),
    isComplete: () => isComplete,
    setComplete() {
      isComplete = true;
    },
    takeChanged() {
      const days = [...changed].sort((one, other) => one - other);
      for (const day of days) pending.add(day);
      [changed, changedHours] = [new Set(), new Set()];
      return days;
    },
    putBack,
    hasChanged: () => changed.size > 0,
    setRolled(day, found) {
      rolled.set(day, found);
      pending.delete(day);
    },
    filterTaken: (days) => days.filter((day) => pending.has(day)),
    noteVersion: slots.note,
    nextSlot: slots.next,
    forget,
    find(range) {
      const isIn = (day: Day) => day >= range.first && day <= range.last;
      const days = [...new Set([...changed, ...pending])].filter(isIn);
      return {
        rolled: new Map([...rolled].filter(([day]) => isIn(day))),
        changed: new Map(days.map((day) => [day, rolled.get(day)?.block ?? 0])),
        newLinks: newLinks.size > NEW_LINKS_MAX ? undefined : [...newLinks],
        linkRevision,
      };
    },
  };
}
