import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { type BodyBudget, createBodyBudget } from '../../limits/body-budget.ts';
import { createGate, type Gate } from '../../limits/gate.ts';
import { createLoopShare, type LoopShare } from '../../limits/loop-share.ts';
import { createRefusalLog } from '../../limits/refusal-log.ts';
import { type BodyPace, createBodyPace } from './pace.ts';

/** What reading and parsing the bodies of requests may take, for the whole server. */
export type Bodies = { budget: BodyBudget; pace: BodyPace; large: Gate; loopShare: LoopShare };

/** Large bodies that are decompressed and parsed concurrently, each of which can become 60 MB of objects. */
export const LARGE_BODIES_MAX = 3;

/**
 * Those of them that anyone can send: with a client or read-only key, or without one. Their pieces wait for those of all
 * other phones, so without a place of its own a backend would wait as long.
 */
export const LARGE_BODIES_OPEN_MAX = 2;

/** Large bodies of one address, server key or person that wait for that; further ones are refused. */
export const LARGE_BODIES_WAITING_MAX = 256;

/** The same for all client and read-only keys together, and for all requests without a key or session. */
export const LARGE_BODIES_KIND_WAITING_MAX = 1_024;

/** Returns the limits of one server's bodies, and the share of the event loop that they use. */
export function createBodyServices(services: { clock: Clock; log: Log }): {
  bodies: Bodies;
  loopShare: LoopShare;
} {
  const loopShare = createLoopShare();
  const budget = createBodyBudget(
    services.clock,
    createRefusalLog(services, 'request bodies use up their memory: they are refused with 503'),
  );
  const large = createGate({
    insideMax: LARGE_BODIES_MAX,
    openInsideMax: LARGE_BODIES_OPEN_MAX,
    waitingMax: LARGE_BODIES_WAITING_MAX,
    kindWaitingMax: LARGE_BODIES_KIND_WAITING_MAX,
    onRefused: createRefusalLog(services, 'too many large request bodies wait: they are refused with 503'),
  });
  return { loopShare, bodies: { budget, pace: createBodyPace(), large, loopShare } };
}
