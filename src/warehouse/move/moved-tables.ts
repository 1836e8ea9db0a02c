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
const ofDay = (name: string): MovedTable => ({ name, keys: [PROJECT, APP, DAY], isMerged: true });

/**
 * Every table with events or what is derived from them. Derived tables are copied too: after events were deleted by their age, the events
 * don't suffice to derive them. Days are those of UTC; the day of a rollup is that of its app.
 */
export const MOVED_TABLES: readonly MovedTable[] = [
  { name: 'events', keys: [PROJECT, APP, dayOf('timestamp')], isMerged: false, time: 'timestamp' },
  { name: 'event_ids', keys: [PROJECT, APP, DAY_STORED], isMerged: false },
  ...['users', 'links', 'person_ids', 'user_properties'].map(ofApp),
  { name: 'erased_ids', keys: [dayOf('erased_at')], isMerged: false },
  { name: 'deleted_until', keys: [PROJECT], isMerged: true },
  { name: 'forgotten_ids', keys: [PROJECT, APP], isMerged: false },
  ...['user_days', 'user_day_values', 'revenue_days'].map(ofDay),
  ofApp('rollup_days'),
];

/** Returns the value of a key as people read it. */
export const describeValue = ({ name }: GroupKey, value: string): string =>
  name.startsWith('day') ? formatDay(Number(value)) : value;
