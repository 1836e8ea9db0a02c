import { formatDay } from '../../lib/calendar.ts';
import { DAY_MS } from '../../lib/durations.ts';

/** By what the rows of a table are grouped: an expression, and how its values are shown. */
export type GroupKey = { name: string; sql: string; isText: boolean };

/** A table that is moved, in groups of rows. */
export type MovedTable = {
  name: string;
  keys: readonly GroupKey[];
  /** Whether rows with the same sort key are one row, in parts that are not merged yet too. */
  isMerged: boolean;
  /** The column with the time of a day, so that finding the rows of a day uses the sort key. */
  time?: string;
  /** The column by which a large group that differs is divided, so that not all of it is copied again for a few rows. */
  id?: string;
};

const PROJECT: GroupKey = { name: 'project', sql: 'project_id', isText: true };
const APP: GroupKey = { name: 'app', sql: 'app_id', isText: true };
const DAY: GroupKey = { name: 'day', sql: 'day', isText: false };
const dayOf = (time: string): GroupKey => ({
  name: 'day',
  sql: `intDiv(toUnixTimestamp64Milli(${time}), ${DAY_MS})`,
  isText: false,
});
/** Block numbers are microseconds. */
const DAY_STORED: GroupKey = { name: 'day stored', sql: `intDiv(block, ${DAY_MS * 1_000})`, isText: false };

const ofApp = (name: string): MovedTable => ({ name, keys: [PROJECT, APP], isMerged: true });
const ofUsers = (name: string, id: string): MovedTable => ({ ...ofApp(name), id });
const ofDay = (name: string): MovedTable => ({ name, keys: [PROJECT, APP, DAY], isMerged: true });

/**
 * Every table with events or what is derived from them. Derived tables are copied too: after events were deleted by their age, the events
 * don't suffice to derive them. Days are those of UTC; the day of a rollup is that of its app.
 */
export const MOVED_TABLES: readonly MovedTable[] = [
  { name: 'events', keys: [PROJECT, APP, dayOf('timestamp')], isMerged: false, time: 'timestamp' },
  { name: 'event_ids', keys: [PROJECT, APP, DAY_STORED], isMerged: false },
  ...[ofUsers('users', 'app_user_id'), ofUsers('links', 'id')],
  ...[ofUsers('person_ids', 'id'), ofUsers('user_properties', 'app_user_id')],
  { name: 'erased_ids', keys: [dayOf('erased_at')], isMerged: false },
  { name: 'deleted_until', keys: [PROJECT], isMerged: true },
  { name: 'forgotten_ids', keys: [PROJECT, APP], isMerged: false },
  ...['user_days', 'user_day_values', 'revenue_days'].map(ofDay),
  ofApp('rollup_days'),
];

/** Returns a table whose groups are divided into `count` parts by its `id`. */
export const divided = (table: MovedTable, count: number): MovedTable => ({
  ...table,
  keys: [...table.keys, { name: 'part', sql: `sipHash64(${table.id}) % ${count}`, isText: false }],
});

/** Returns the value of a key as people read it. */
export const describeValue = ({ name }: GroupKey, value: string): string =>
  name.startsWith('day') ? formatDay(Number(value)) : value;
