import type { Insertable } from 'kysely';
import type { IngestionSampleTable } from '../control/ingestion-schema.ts';

/** A sample as it is stored. */
export type SampleRow = Insertable<IngestionSampleTable>;

/** Samples of each project that are kept. */
export const SAMPLES_PER_PROJECT = 1_000;

/** Samples of all projects in memory: about 12 MB. */
export const SAMPLES_IN_MEMORY_MAX = 4_000;

/** Samples that are not written yet, by project, oldest first. Only the latest of each are kept. */
export type SampleBuffer = { byProject: Map<string, SampleRow[]>; size: number };

/** Returns a buffer without samples. */
export function createSampleBuffer(): SampleBuffer {
  return { byProject: new Map(), size: 0 };
}

/** Adds a sample. A flood of them pushes out the older ones of its own project; of other projects only by equal shares. */
export function addSample(buffer: SampleBuffer, sample: SampleRow): void {
  const rows = buffer.byProject.get(sample.project_id) ?? [];
  buffer.byProject.set(sample.project_id, rows);
  rows.push(sample);
  buffer.size += 1;
  // Not one by one: removing the first element moves all others.
  if (rows.length >= 2 * SAMPLES_PER_PROJECT) keepLast(buffer, rows, SAMPLES_PER_PROJECT);
  if (buffer.size <= SAMPLES_IN_MEMORY_MAX) return;
  const share = Math.max(1, Math.floor(SAMPLES_IN_MEMORY_MAX / 2 / buffer.byProject.size));
  for (const others of buffer.byProject.values()) keepLast(buffer, others, share);
}

/** Returns the samples to write, at most the last 1,000 of each project, and empties the buffer. */
export function takeSamples(buffer: SampleBuffer): Map<string, SampleRow[]> {
  const taken = buffer.byProject;
  buffer.byProject = new Map();
  buffer.size = 0;
  for (const [projectId, rows] of taken) taken.set(projectId, rows.slice(-SAMPLES_PER_PROJECT));
  return taken;
}

/** Puts back samples that could not be written, before those that came meanwhile. */
export function returnSamples(buffer: SampleBuffer, taken: ReadonlyMap<string, readonly SampleRow[]>): void {
  const newer = takeSamples(buffer);
  for (const rows of [...taken.values(), ...newer.values()]) for (const row of rows) addSample(buffer, row);
}

/** Returns the samples of a project that wait to be written, oldest first. */
export const listBuffered = (buffer: SampleBuffer, projectId: string): readonly SampleRow[] =>
  buffer.byProject.get(projectId)?.slice(-SAMPLES_PER_PROJECT) ?? [];

/** Removes the samples of a project that match. */
export function removeBuffered(
  buffer: SampleBuffer,
  projectId: string,
  matches: (row: SampleRow) => boolean,
): number {
  const rows = buffer.byProject.get(projectId) ?? [];
  const kept = rows.filter((row) => !matches(row));
  buffer.byProject.set(projectId, kept);
  buffer.size -= rows.length - kept.length;
  return rows.length - kept.length;
}

function keepLast(buffer: SampleBuffer, rows: SampleRow[], count: number): void {
  buffer.size -= rows.splice(0, Math.max(0, rows.length - count)).length;
}
