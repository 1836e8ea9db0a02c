/** One page of a list. `next_cursor` is null on the last one. */
export type Page<T> = { data: T[]; next_cursor: string | null };

/** A page of a list: `limit` rows (1 to 200, default 50) after `cursor`. */
export type PageQuery = { limit?: number; cursor?: string };

/** Export formats: newline-delimited JSON, or a table. */
export type ExportFormat = 'ndjson' | 'csv';
