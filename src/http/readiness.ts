import type { Directory } from '../directory/directory.ts';
import type { Clock } from '../lib/clock.ts';
import { StorageError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { Shedding } from '../limits/shedding.ts';
import type { Warehouse } from '../warehouse/open.ts';
import type { UntrustedProxy } from './network/untrusted-proxy.ts';

/**
 * The answer of /readyz, always with status 200 once started. `warnings` are sentences: first what does not work, which
 * makes it `degraded`, then what works but is misconfigured, which alone leaves it `ok`.
 */
export type Readiness = { status: 'ok' | 'degraded'; warnings: string[] };

/** The services whose state is assessed. */
export type ReadinessServices = {
  warehouse: Warehouse;
  directory: Directory;
  limiter: Limiter;
  shedding: Shedding;
  untrustedProxy: UntrustedProxy;
  secretWarning: string | undefined;
  log: Log;
  clock: Clock;
};

/** Anyone may request /readyz, at any rate: the event store is queried at most once per second. */
const PROBE_AGE_MS = 1_000;
/** The directory is polled four times per second. */
const DIRECTORY_AGE_SECONDS_MAX = 2;

type Probe = { at: number; isAnswering: Promise<boolean>; wasAnswering: boolean };

const probes = new WeakMap<Warehouse, Probe>();

/** Returns whether everything the server needs works, and a warning for everything that does not. */
export async function assessReadiness(services: ReadinessServices): Promise<Readiness> {
  const troubles = await listTroubles(services);
  const misconfigured = [
    services.secretWarning,
    services.untrustedProxy.findWarning(),
    services.limiter.reportStore()?.warning,
  ];
  return {
    status: troubles.length === 0 ? 'ok' : 'degraded',
    warnings: [...troubles, ...misconfigured.filter((warning) => warning !== undefined)],
  };
}

async function listTroubles(services: ReadinessServices): Promise<string[]> {
  const warnings: string[] = [];
  if (!(await isStoreAnswering(services))) {
    warnings.push('The event store does not answer: events are refused with 503 until it does.');
  }
  const ageSeconds = Math.round(services.directory.ageMs() / 1_000);
  if (ageSeconds > DIRECTORY_AGE_SECONDS_MAX) {
    warnings.push(
      `The control database cannot be read since ${ageSeconds} s: keys are judged from memory, and soon refused with 503.`,
    );
  }
  if (services.warehouse.isFailing()) {
    warnings.push('Events cannot be stored and are refused with 503; the log says why. Is the disk full?');
  }
  const limitTrouble = services.limiter.reportStore()?.trouble;
  if (limitTrouble !== undefined) warnings.push(limitTrouble);
  const busy = services.shedding.findWarning(services.warehouse.queue());
  if (busy !== undefined) warnings.push(busy);
  return warnings;
}

function isStoreAnswering(services: ReadinessServices): Promise<boolean> {
  const { warehouse, clock } = services;
  const last = probes.get(warehouse);
  if (last && clock.now() - last.at < PROBE_AGE_MS) return last.isAnswering;
  const probe: Probe = {
    at: clock.now(),
    isAnswering: probeStore(services),
    wasAnswering: last?.wasAnswering ?? true,
  };
  probes.set(warehouse, probe);
  void probe.isAnswering.then((isAnswering) => {
    // Logged only when it changes: frequent requests must not fill the log.
    if (isAnswering !== probe.wasAnswering)
      services.log.warn({ isAnswering }, 'whether the event store answers has changed');
    probe.wasAnswering = isAnswering;
  });
  return probe.isAnswering;
}

async function probeStore({ warehouse }: ReadinessServices): Promise<boolean> {
  try {
    await warehouse.query('SELECT 1');
    return true;
  } catch (error) {
    // Busy is not broken: other queries are being answered.
    return error instanceof StorageError && error.reason === 'busy';
  }
}
