import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { createBreaker, type Pass } from './breaker.ts';

/** Shields callers from a failing Redis: no failure reaches them, and few wait for one. */
export type RedisGuard = {
  /**
   * Returns undefined immediately while the breaker is open, resolves with undefined when there is no reply; never
   * rejects.
   */
  call<T>(command: () => Promise<T>): Promise<T | undefined> | undefined;
  /** The connection is lost. */
  trip(reason: string): void;
  isOpen(): boolean;
  readonly callsAnswered: number;
  readonly callsFailed: number;
};

/**
 * Returns a guard that reports each change of state once, however many requests run into it: to the log, and outages
 * to `onOutage`.
 */
export function createRedisGuard(log: Log, onOutage: () => void): RedisGuard {
  const breaker = createBreaker(() => performance.now());
  let wasOpen = false;
  let callsAnswered = 0;
  let callsFailed = 0;

  function logChange(reason?: string): void {
    const isOpen = breaker.isOpen();
    if (isOpen === wasOpen) return;
    wasOpen = isOpen;
    if (isOpen) onOutage();
    log.warn({ reason }, isOpen ? 'rate limits: Redis does not answer' : 'rate limits: Redis answers again');
  }

  async function settle<T>(pass: Pass, answer: Promise<T>): Promise<T | undefined> {
    try {
      const value = await answer;
      callsAnswered += 1;
      breaker.settle(pass, true);
      logChange();
      return value;
    } catch (error) {
      callsFailed += 1;
      breaker.settle(pass, false);
      logChange(messageOf(error));
      return undefined;
    }
  }

  return {
    call(command) {
      const pass = breaker.admit();
      return pass && settle(pass, command());
    },
    trip(reason) {
      breaker.trip();
      logChange(reason);
    },
    isOpen: breaker.isOpen,
    get callsAnswered() {
      return callsAnswered;
    },
    get callsFailed() {
      return callsFailed;
    },
  };
}
