/** One connection to the event-store engine. It runs one statement at a time; the gateway sees to that. */
export type Connection = {
  /** Returns the rows of a SELECT. `sql` has no FORMAT; `limitMs` is enforced by the engine. */
  query<Row>(sql: string, limitMs: number): Promise<Row[]>;
  /** Runs a statement without rows (DDL, INSERT with its data behind FORMAT). Resolves once it is on disk. */
  command(sql: string): Promise<void>;
  close(): Promise<void>;
};

/** Opens one more connection to the same store. Rejects with StorageError when the store cannot be opened. */
export type OpenConnection = () => Promise<Connection>;

/** Name of the database that every connection starts in. */
export const DATABASE_NAME = 'appflow';

/**
 * Settings fixed once for each connection, because a setting given with a call would stay on it.
 * Money and 64-bit counts travel as strings: as JSON numbers they would be rounded.
 */
export const CONNECTION_SETTINGS = {
  output_format_json_quote_decimals: 1,
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_denormals: 0,
  // Text as the engine holds it, even when a client sent half a character.
  output_format_json_validate_utf8: 1,
  // Unquoted integers in DateTime64 columns are ticks (milliseconds), never guessed from their digits.
  date_time_input_format: 'basic',
  max_threads: 2,
  max_insert_threads: 1,
  max_memory_usage: 2_000_000_000,
  // The default of 256 KB would refuse a look-up of some thousand ids.
  max_query_size: 64_000_000,
  // Ten years of history in one file are ten partitions; the default of 100 is lifted, not relied upon.
  max_partitions_per_insert_block: 0,
} as const;
