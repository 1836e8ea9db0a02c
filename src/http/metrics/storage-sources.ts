import type { ChainEnd } from '../../audit/chain.ts';
import { findAuditHead } from '../../audit/head.ts';
import type { WatchedServices } from './watched-services.ts';

const AUDIT_HEAD_AGE_MAX_MS = 15_000;
const MS_PER_SECOND = 1_000;

/** Adds the metrics of both databases and of the disk. */
export function watchStores(services: WatchedServices): void {
  watchStorage(services);
  watchDisk(services);
  watchAuditHead(services);
}

function watchStorage({ metrics, control, warehouse }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_db_statements_total',
    help: 'Statements run on the control database. Requests with a key add none.',
    kind: 'counter',
    read: () => [{ value: control.countStatements() }],
  });
  metrics.watch({
    name: 'appflow_writer_queue_rows',
    help: 'Events waiting to be stored, and the maximum.',
    kind: 'gauge',
    labelNames: ['state'],
    read: () => {
      const { rows, rowsMax } = warehouse.queue();
      return [
        { labels: { state: 'waiting' }, value: rows },
        { labels: { state: 'max' }, value: rowsMax },
      ];
    },
  });
  metrics.watch({
    name: 'appflow_writer_queue_bytes',
    help: 'Bytes of the events waiting to be stored.',
    kind: 'gauge',
    read: () => [{ value: warehouse.queue().bytes }],
  });
  metrics.watch({
    name: 'appflow_writer_statement_seconds',
    help: 'How long the current insert of events has been running, in whole seconds. Events are refused with 503 after 30 s; the process exits after 300 s.',
    kind: 'gauge',
    read: () => [{ value: warehouse.oldestStatementMs() / MS_PER_SECOND }],
  });
}

function watchDisk({ metrics, disk }: WatchedServices): void {
  metrics.watch({
    name: 'appflow_disk_free_bytes',
    help: 'Free bytes on the disk of the data folder. Events are refused with 503 when few are left.',
    kind: 'gauge',
    read: () => {
      const value = disk.freeBytes();
      return value === undefined ? [] : [{ value }];
    },
  });
  metrics.watch({
    name: 'appflow_disk_reserve_bytes',
    help: 'Bytes kept in reserve for revocations and sign-ins on a full disk.',
    kind: 'gauge',
    read: () => [{ value: disk.reserveBytes() }],
  });
}

/** Read before the other metrics and cached: two scrapes in a row show what requests cost, not what scrapes cost. */
function watchAuditHead({ metrics, control, log }: WatchedServices): void {
  let head: ChainEnd | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  metrics.prepare(async () => {
    if (performance.now() - readAt < AUDIT_HEAD_AGE_MAX_MS) return;
    readAt = performance.now();
    // The other metrics are shown even if the database does not answer.
    head = await findAuditHead(control).catch((error: unknown) => {
      log.warn({ err: error }, 'the head of the audit log cannot be read');
      return undefined;
    });
  });
  metrics.watch({
    name: 'appflow_audit_head_seq',
    help: 'Sequence number of the last entry of the audit log; it never decreases.',
    kind: 'gauge',
    read: () => (head ? [{ value: head.seq }] : []),
  });
}
