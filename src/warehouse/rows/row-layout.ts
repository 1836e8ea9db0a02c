/**
 * The columns of a row in bytes, in order, and their types, as the engine's RowBinary format reads them. The block comes first: it is
 * filled in once it is known. Columns that are the same for all rows of a request and device come last, so that their bytes can be
 * copied. The project is at the very end, so no row ends with a zero byte: that is how the log recognizes pages that were never written.
 */
export const ROW_LAYOUT = [
  ['block', 'UInt64'],
  ['timestamp', "DateTime64(3, 'UTC')"],
  ['event_id', 'String'],
  ['event_name', 'String'],
  ['app_user_id', 'String'],
  ['session_id', 'String'],
  ['properties', 'String'],
  ['revenue', 'Nullable(Decimal(24, 6))'],
  ['currency', 'String'],
  ['platform', 'String'],
  ['os_version', 'String'],
  ['app_version', 'String'],
  ['country', 'String'],
  ['locale', 'String'],
  ['device_model', 'String'],
  ['sdk', 'String'],
  ['received_at', "DateTime64(3, 'UTC')"],
  ['key_id', 'String'],
  ['verified', 'UInt8'],
  ['app_id', 'String'],
  ['project_id', 'String'],
] as const;

type Layout = (typeof ROW_LAYOUT)[number];

/** The type of a column's values in JavaScript. Times are epoch milliseconds, amounts are decimals as strings. */
type ValueOf<Type> = Type extends 'String'
  ? string
  : Type extends 'UInt8'
    ? 0 | 1
    : Type extends `Nullable${string}`
      ? string | null
      : number;

/** The values of a row by column, without its block. */
export type RowValues = {
  [Name in Exclude<Layout[0], 'block'>]: ValueOf<Extract<Layout, readonly [Name, string]>[1]>;
};

/** String columns near the end of a row, in order. They nearly always have the same values as in the row before. */
export const TAIL_TEXTS = [
  'platform',
  'os_version',
  'app_version',
  'country',
  'locale',
  'device_model',
  'sdk',
] as const;

/** Bytes of the block number and of the time, at the start of each row. */
export const [BLOCK_BYTES, TIME_BYTES] = [8, 8] as const;
/** Bytes of a Decimal(24, 6): a 128-bit integer of millionths. */
export const DECIMAL_BYTES = 16;
/** Decimals of an amount. */
export const DECIMAL_SCALE = 6;
