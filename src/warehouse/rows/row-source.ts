import { ROW_LAYOUT } from './row-layout.ts';

/**
 * Rows in bytes (see ROW_LAYOUT) as a statement reads them: a table function and, for a server, the body of its request and the holder of
 * the lease that it is sent under.
 */
export type RowSource = { sql: string; body?: readonly Buffer[]; holder?: string };

/**
 * Runs `work` with rows that its statements can read, and resolves or rejects as it does; `work` must not settle while a statement
 * reads them. One at a time. Rejects with StorageError.
 */
export type WithRows = (
  parts: readonly Buffer[],
  work: (source: RowSource) => Promise<void>,
) => Promise<void>;

const quote = (text: string) => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;

/** Returns columns, by name and type, as a literal for the functions that read or write rows. */
export const structureOf = (columns: readonly (readonly [string, string])[]): string =>
  quote(columns.map((column) => column.join(' ')).join(', '));

const STRUCTURE = structureOf(ROW_LAYOUT);

/** Returns a file of rows as a table function. */
export const fileSql = (path: string, structure: string): string =>
  `file(${quote(path)}, 'RowBinary', ${structure})`;

/** Returns rows in a file. Reading them costs the engine half as much CPU time as text in the statement. */
export const rowsInFile = (path: string): RowSource => ({
  sql: fileSql(path, STRUCTURE),
});

/** Returns rows in the body of a request to a server. */
export const rowsInBody = (parts: readonly Buffer[], holder: string, structure = STRUCTURE): RowSource => ({
  holder,
  sql: `input(${structure})`,
  body: parts,
});
