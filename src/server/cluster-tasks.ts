import { startAuditHeadLog } from '../audit/head.ts';
import { pruneMarks } from '../control/marked-writes.ts';
import type { Services } from '../http/pipeline/services.ts';
import { startRecordCleanup } from '../idempotency/cleanup.ts';
import { pruneIngestion } from '../ingestion/prune.ts';
import { startExpiryNotices } from '../keys/expiry-notices.ts';
import { pruneUsageHours } from '../keys/usage/usage-store.ts';
import { startDisablingLeaked } from '../leaks/disable-leaked.ts';
import { HOUR_MS } from '../lib/durations.ts';
import { runPeriodically } from '../lib/periodic.ts';
import { closeAll } from './close-all.ts';
import { runUnderLease } from './run-under-lease.ts';

/** What the tasks need. */
export type ClusterServices = Omit<Services, 'warehouse' | 'rollups' | 'limiter'>;

/** Deletes what is past its 90 days, now and every hour. Returns the function that stops it. */
function startPruning({ control, clock, log }: ClusterServices): () => Promise<void> {
  return runPeriodically({
    everyMs: HOUR_MS,
    async run() {
      const now = clock.now();
      await pruneIngestion(control, now);
      await pruneUsageHours(control, now);
      await pruneMarks(control, now);
    },
    onError: (err) => log.warn({ err }, 'old counts were not deleted yet'),
  });
}

/**
 * Starts the background tasks that need only the control database, and run on one of the nodes that share it. Each is also correct if it
 * runs on two. Returns the function that stops them. What deletes events runs where events are stored: see `startErasing`.
 */
export function startClusterTasks(services: ClusterServices): () => Promise<void> {
  const { config, control, clock, log } = services;
  function start(): () => Promise<void> {
    const stops = [
      startDisablingLeaked(services),
      startAuditHeadLog(services),
      startExpiryNotices(services),
      startRecordCleanup(control, clock, log),
      startPruning(services),
    ];
    return () => closeAll(stops);
  }
  // Only one server runs on a SQLite file.
  if (config.databaseUrl === undefined) return start();
  return runUnderLease({ control, log, name: 'background', start });
}
