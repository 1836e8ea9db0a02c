/**
 * A row of an export, or why it cannot be read. `line` is where it begins, counted from 1; `doneLine` is the last line of which
 * nothing is left after it.
 */
export type Row = { line: number } & (
  | { doneLine: number; value: unknown }
  | { code: 'invalid_json' | 'invalid_csv'; mistake: string }
);
