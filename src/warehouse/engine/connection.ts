/** One connection to the event-store engine. It runs one statement at a time; the gateway ensures that. */
export type Connection = {
  /** Returns the rows of a SELECT. `sql` has no FORMAT clause. */
  query<Row>(sql: string, run: QueryRun): Promise<Row[]>;
  /**
   * Runs a statement without rows (DDL, or INSERT with its data after FORMAT). Resolves once it is on disk. `body` is what its
   * `input()` reads, in RowBinary; only a server has requests with a body.
   */
  command(sql: string, body?: readonly Buffer[]): Promise<void>;
  close(): Promise<void>;
};

/** How the engine runs a query: its time limit, the mark it can be killed by, and whether by one thread only. */
export type QueryRun = { limitMs: number; mark: string; hasOneThread: boolean };

/** Opens another connection to the same store. Rejects with StorageError when the store cannot be opened. */
export type OpenConnection = () => Promise<Connection>;

/** The database every connection starts in. */
export const DATABASE_NAME = 'appflow';

/** Memory of one statement, unless its connection has another limit. */
const STATEMENT_BYTES_MAX = 2_000_000_000;

/** How rows are written and read. Money and 64-bit counts are sent as strings: as JSON numbers they would be rounded. */
export const RESULT_SETTINGS = {
  output_format_json_quote_decimals: 1,
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_denormals: 0,
  // Return text exactly as stored, even when a client sent half a surrogate pair.
  output_format_json_validate_utf8: 1,
  // Unquoted integers in DateTime64 columns are ticks (milliseconds), never guessed from their number of digits.
  date_time_input_format: 'basic',
  // The default of 256 KB would reject a lookup of a few thousand ids.
  max_query_size: '64000000',
  // Ten years of history in one file are ten partitions. The default of 100 is lifted so that nothing depends on it.
  max_partitions_per_insert_block: '0',
} as const;

/** What the engine inside this process may use. Made once per connection, because a setting passed with a call would stay on it. */
export const EMBEDDED_SETTINGS = {
  max_threads: 2,
  max_insert_threads: 1,
  max_memory_usage: STATEMENT_BYTES_MAX,
} as const;
