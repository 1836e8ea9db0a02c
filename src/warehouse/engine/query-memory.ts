import { totalmem } from 'node:os';

const GIGABYTE = 1_000_000_000;
const SHARE_OF_MEMORY = 4;

/** Memory of all queries together, unless APPFLOW_QUERY_MEMORY says otherwise: a quarter of the memory, within these. */
export const QUERY_MEMORY_DEFAULT = { bytesMin: GIGABYTE / 2, bytesMax: 8 * GIGABYTE } as const;

/** How much more than its memory a query may write to files (see `querySettings`). */
export const SPILL_FACTOR = 4;

/** Returns the default memory of all queries together, in bytes. A container's limit counts as the machine's memory. */
export function defaultQueryMemory(
  machine: number = totalmem(),
  container: number = process.constrainedMemory(),
): number {
  // Without a limit, some systems report 0, others a number larger than any machine.
  const memory = container > 0 ? Math.min(machine, container) : machine;
  const { bytesMin, bytesMax } = QUERY_MEMORY_DEFAULT;
  return Math.floor(Math.min(Math.max(memory / SHARE_OF_MEMORY, bytesMin), bytesMax));
}

/**
 * Returns the settings of a connection that `readers` connections share `bytes` with. Each has its own part: the
 * engine's limit for all of a user's queries (`max_memory_usage_for_user`) includes the writer's inserts, which would be
 * refused because of readers. Sorting and grouping go on in files when half of the part is used.
 */
export function querySettings(bytes: number, readers: number): Record<string, number> {
  const part = Math.floor(bytes / readers);
  const half = Math.floor(part / 2);
  return {
    max_memory_usage: part,
    max_bytes_before_external_group_by: half,
    max_bytes_before_external_sort: half,
    max_temporary_data_on_disk_size_for_query: part * SPILL_FACTOR,
  };
}
