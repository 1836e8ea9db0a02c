import type { People } from '../../accounts/people.ts';
import type { FailedAuthenticationLog } from '../../audit/failures.ts';
import type { Control } from '../../control/control.ts';
import type { Directory } from '../../directory/directory.ts';
import type { DiskSpace } from '../../disk/space.ts';
import type { UnstoredRevocations } from '../../keys/unstored-revocations.ts';
import type { ClockState } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Limiter } from '../../limits/limiter.ts';
import type { Shedding } from '../../limits/shedding.ts';
import type { Warehouse } from '../../warehouse/open.ts';
import type { Bodies } from '../body/bodies.ts';
import type { Connections } from '../connections/connections.ts';
import type { UntrustedProxy } from '../network/untrusted-proxy.ts';
import type { Metrics } from './metrics.ts';

/** The parts of a server that have metrics, and the metrics to add them to. */
export type WatchedServices = {
  metrics: Metrics;
  control: Control;
  directory: Directory;
  disk: DiskSpace;
  unstored: UnstoredRevocations;
  clockState: ClockState;
  warehouse: Warehouse;
  limiter: Limiter;
  shedding: Shedding;
  bodies: Bodies;
  people: Pick<People, 'hasher'>;
  untrustedProxy: UntrustedProxy;
  connections: Connections;
  failures: FailedAuthenticationLog;
  log: Log;
};
