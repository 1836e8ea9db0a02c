import type { AuditWatch } from '../audit/seal.ts';
import type { Config } from '../config/config.ts';
import type { Control } from '../control/control.ts';
import type { Directory } from '../directory/directory.ts';
import type { DiskSpace } from '../disk/space.ts';
import type { UnstoredRevocations } from '../keys/unstored-revocations.ts';
import type { ClockState } from '../lib/clock.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { Shedding } from '../limits/shedding.ts';
import type { Warehouse } from '../warehouse/open.ts';
import type { Bodies } from './body/bodies.ts';
import { findClockWarning } from './clock-warning.ts';
import type { Connections } from './connections/connections.ts';
import type { UntrustedProxy } from './network/untrusted-proxy.ts';
import { withoutFolders } from './without-folders.ts';

/**
 * The answer of /readyz, always with status 200 once started. `warnings` are sentences: first what does not work, which
 * makes it `degraded`, then what works but is misconfigured, which alone leaves it `ok`. They name no folders, because everyone can read
 * them; the log does.
 */
export type Readiness = { status: 'ok' | 'degraded'; warnings: string[] };

/** The services whose state is assessed. */
export type ReadinessServices = {
  config: Pick<Config, 'dataDir'>;
  control: Pick<Control, 'listProblems'>;
  warehouse: Warehouse;
  directory: Directory;
  disk: DiskSpace;
  unstored: UnstoredRevocations;
  clockState: ClockState;
  limiter: Limiter;
  shedding: Shedding;
  bodies: Pick<Bodies, 'budget'>;
  untrustedProxy: UntrustedProxy;
  connections: Connections;
  secretWarning: string | undefined;
  auditWatch: AuditWatch;
};

/** The directory is polled four times per second. */
const DIRECTORY_AGE_SECONDS_MAX = 2;

/** Returns whether everything the server needs works, and a warning for everything that does not. */
export async function assessReadiness(services: ReadinessServices): Promise<Readiness> {
  const problems = await listProblems(services);
  const misconfigured = [
    services.secretWarning,
    findClockWarning(services.clockState),
    services.untrustedProxy.findWarning(),
    services.connections.findWarning(),
    services.limiter.reportStore()?.warning,
  ];
  const warnings = [...problems, ...misconfigured.filter((warning) => warning !== undefined)];
  const { dataDir } = services.config;
  return {
    status: problems.length === 0 ? 'ok' : 'degraded',
    warnings: warnings.map((warning) => withoutFolders(warning, dataDir)),
  };
}

/** Returns a sentence for each thing that does not work. */
async function listProblems(services: ReadinessServices): Promise<string[]> {
  const { warehouse, limiter } = services;
  const problems = [
    (await warehouse.isAnswering())
      ? undefined
      : 'The event store does not answer: events are refused with 503 until it does.',
    findStaleness(services.directory),
    warehouse.isFailing()
      ? 'Events cannot be stored and are refused with 503; the log says why, such as a full or damaged disk.'
      : undefined,
    services.disk.findProblem(),
    services.unstored.findProblem(),
    services.auditWatch.findProblem(),
    ...warehouse.listProblems(),
    ...services.control.listProblems(),
    limiter.reportStore()?.problem,
    services.shedding.findProblem(warehouse.queue()),
    services.connections.findProblem(),
    services.bodies.budget.findProblem(),
  ];
  return problems.filter((problem) => problem !== undefined);
}

function findStaleness(directory: Directory): string | undefined {
  const ageSeconds = Math.round(directory.ageMs() / 1_000);
  if (ageSeconds <= DIRECTORY_AGE_SECONDS_MAX) return undefined;
  return `The control database has not been readable for ${ageSeconds} s: keys are verified from memory, and soon refused with 503.`;
}
