import type { KeyObject } from 'node:crypto';
import type { People } from '../../accounts/people.ts';
import type { Audit } from '../../audit/audit.ts';
import type { FailedAuthenticationLog } from '../../audit/failures.ts';
import type { AuditWatch } from '../../audit/seal.ts';
import type { Config } from '../../config/config.ts';
import type { Control } from '../../control/control.ts';
import type { Directory } from '../../directory/directory.ts';
import type { Pepper } from '../../directory/secret.ts';
import type { DiskSpace } from '../../disk/space.ts';
import type { Eraser } from '../../erasure/eraser.ts';
import type { ErasureKey } from '../../erasure/erasure-key.ts';
import type { Tombstones } from '../../erasure/tombstones.ts';
import type { Ingestion } from '../../ingestion/ingestion.ts';
import type { UnstoredRevocations } from '../../keys/unstored-revocations.ts';
import type { Usage } from '../../keys/usage/usage.ts';
import type { FirstUse } from '../../keys/verify/first-use.ts';
import type { Rehash } from '../../keys/verify/rehash.ts';
import type { GithubKeys } from '../../leaks/github-keys.ts';
import type { Clock, ClockState } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Limiter } from '../../limits/limiter.ts';
import type { LoopShare } from '../../limits/loop-share.ts';
import type { Shedding } from '../../limits/shedding.ts';
import type { MembershipWatcher } from '../../members/membership-watcher.ts';
import type { Rollups } from '../../rollups/rollups.ts';
import type { Warehouse } from '../../warehouse/open.ts';
import type { Bodies } from '../body/bodies.ts';
import type { Connections } from '../connections/connections.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { UntrustedProxy } from '../network/untrusted-proxy.ts';
import type { AnswerLog } from './answer-log.ts';

/** The services that handlers get: one plain record, created at start and passed along, never global. */
export type Services = {
  config: Config;
  control: Control;
  directory: Directory;
  disk: DiskSpace;
  unstored: UnstoredRevocations;
  clockState: ClockState;
  warehouse: Warehouse;
  rollups: Rollups;
  limiter: Limiter;
  shedding: Shedding;
  loopShare: LoopShare;
  bodies: Bodies;
  untrustedProxy: UntrustedProxy;
  connections: Connections;
  pepper: Pepper;
  /** Peppers of `APPFLOW_SECRET_RETIRED`: keys stored under them still verify. */
  retiredPeppers: readonly Pepper[];
  /** What is wrong with the configured secrets, checked at start. */
  secretWarning: string | undefined;
  rehash: Rehash;
  firstUse: FirstUse;
  /** Derived from `APPFLOW_SECRET`: half of what decrypts the stored answer of an idempotency key. */
  replaySecret: KeyObject;
  audit: Audit;
  auditWatch: AuditWatch;
  usage: Usage;
  ingestion: Ingestion;
  metrics: Metrics;
  failures: FailedAuthenticationLog;
  people: People;
  memberships: MembershipWatcher;
  /** What IDs of erased people are recognized with. */
  erasureKey: ErasureKey;
  tombstones: Tombstones;
  eraser: Eraser;
  githubKeys: GithubKeys;
  /** When this process started, epoch milliseconds. */
  startedAt: number;
  clock: Clock;
  log: Log;
  answerLog: AnswerLog;
};
