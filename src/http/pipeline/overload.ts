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
  return error instanceof ApiError && error.code === 'overloaded' && error.cause === undefined;
}

/** Throws 503 if the server cannot keep up. Comes after authentication: an invalid key gets its 401, not a retry. */
export function shedLoad({ shedding, warehouse }: Services, { limit }: Route): void {
  if (shedding.refuses(limit, warehouse.queue())) throw overloaded();
}
