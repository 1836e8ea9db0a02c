/** Small tables that cannot be derived again: what is left of a damaged one is used, and the loss is reported. */
export const KEPT_TABLES = ['erased_ids', 'deleted_until'] as const;

/** A table that cannot be derived again. */
export type KeptTable = (typeof KEPT_TABLES)[number];

/** The derived tables that keep rows after retention has deleted the events behind them, and the column with their time. */
export const TIME_OF = { users: 'first_seen', links: 'timestamp', user_properties: 'timestamp' } as const;

/** A derived table with rows that can no longer be derived if their events were deleted. */
export type AgingTable = keyof typeof TIME_OF;

/** A table other than `events` whose rows can be lost for good. */
export type LosableTable = KeptTable | AgingTable;

/** Whether a table has rows that can no longer be derived if their events were deleted. */
export const isAging = (table: string): table is AgingTable => table in TIME_OF;

const OLDER =
  'The rest was derived from the events again, but not what came from events that retention has deleted since';

const SENTENCES: Record<LosableTable, string> = {
  users: `The table users was damaged. ${OLDER}: some people may count as new on the day of their oldest remaining event.`,
  links: `The table links was damaged. ${OLDER}: some IDs that were linked then may count as separate people.`,
  user_properties: `The table user_properties was damaged. ${OLDER}: some properties of users may be missing.`,
  erased_ids:
    'The table erased_ids, which remembers the IDs of deleted events for 30 days, was damaged: some of these events may count as new if they are sent again.',
  deleted_until:
    'The table deleted_until, which says up to when retention has deleted events, was damaged. It was filled in from users, links and user properties that are older than all remaining events.',
};

/** Returns what is lost with rows of a table, in sentences. */
export const describeLostRows = (table: LosableTable): string => SENTENCES[table];
