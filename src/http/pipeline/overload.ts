import { ApiError } from '../../api/errors.ts';
import type { Route } from '../../api/route.ts';
import type { Services } from './services.ts';

const SECONDS_MAX = 5;

/** Returns `Retry-After` for a 503, 1 to 5 whole seconds: with jitter, so that refused callers do not all return together. */
export function retryWithJitter(): Record<string, string> {
  return { 'Retry-After': String(1 + Math.floor(Math.random() * SECONDS_MAX)) };
}

/** Returns the 503 for a request that the server has no capacity for. */
export function overloaded(): ApiError {
  return new ApiError('overloaded', { headers: retryWithJitter() });
}

/** Whether a request was refused for lack of capacity: these are counted and logged periodically, not one by one. */
export function isOverloaded(error: unknown): boolean {
  if (!(error instanceof ApiError) || error.cause !== undefined) return false;
  return error.code === 'overloaded' || error.code === 'disk_nearly_full';
}

/**
 * Throws 503 if the server cannot keep up, or if the disk is nearly full and the request would store events. Comes after
 * authentication: an invalid key gets its 401, not a retry.
 */
export function shedLoad({ shedding, warehouse, disk }: Services, { limit, isNeverShed }: Route): void {
  if (isNeverShed) return;
  if (limit === 'events' && disk.isLow()) throw diskNearlyFull();
  if (shedding.refuses(limit, warehouse.queue())) throw overloaded();
}

/** A disk is not freed within seconds: callers may wait longer than for a busy server. */
const DISK_RETRY_SECONDS = 30;

function diskNearlyFull(): ApiError {
  const seconds = DISK_RETRY_SECONDS + Math.floor(Math.random() * DISK_RETRY_SECONDS);
  return new ApiError('disk_nearly_full', { headers: { 'Retry-After': String(seconds) } });
}
