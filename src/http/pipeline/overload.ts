import { ApiError } from '../../api/errors.ts';
import type { Route } from '../../api/route.ts';
import type { Services } from './services.ts';

const SECONDS_MAX = 5;

/** Returns `Retry-After` for a 503, 1 to 5 whole seconds: with jitter, so that those refused do not come back at once. */
export function retryWithJitter(): Record<string, string> {
  return { 'Retry-After': String(1 + Math.floor(Math.random() * SECONDS_MAX)) };
}

/** Returns the 503 of a request that is one too many. */
export function overloaded(): ApiError {
  return new ApiError('overloaded', { headers: retryWithJitter() });
}

/** Whether a request was refused for being one too many: that is counted and told now and then, not for each. */
export function isOverloaded(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'overloaded' && error.cause === undefined;
}

/** Throws 503 when the server cannot keep up. The caller was told before what no waiting helps against. */
export function shedLoad({ shedding, warehouse }: Services, { limit }: Route): void {
  if (shedding.refuses(limit, warehouse.queue())) throw overloaded();
}
