import type { Clock } from '../runtime/clock.ts';
import type { RateLimitGate } from './gate.ts';

/** The groups of operations that share a rate limit on the server. */
export type Category = 'events' | 'analytics' | 'management';

/** What a gate is for: a category, streams, which have a limit of their own, or the batches of trackers. */
export type GateName = Category | 'streams' | 'tracker';

const GATES_MAX = 1_000;
const gatesByClock = new WeakMap<Clock, Record<string, RateLimitGate>>();

/** Returns the gate of a key, created on first use and shared by all clients in this process that use the key. */
export function getGate(
  { apiKey, baseUrl, clock }: { apiKey: string; baseUrl: string; clock: Clock },
  gateName: GateName,
  create: () => RateLimitGate,
): RateLimitGate {
  const gates = gatesByClock.get(clock) ?? {};
  gatesByClock.set(clock, gates);
  const name = gateName + apiKey + baseUrl;
  gates[name] ??= create();
  return gates[name];
}

/** Drops the open gates once there are 1,000, so that a process with many keys does not keep them all. */
export function dropOpenGates(clock: Clock): void {
  const gates = Object.entries(gatesByClock.get(clock) ?? {});
  if (gates.length < GATES_MAX) return;
  gatesByClock.set(clock, Object.fromEntries(gates.filter(([, gate]) => !gate.isOpen())));
}
