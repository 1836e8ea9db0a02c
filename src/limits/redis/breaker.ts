/** How a call may proceed: normally, or as the probe that checks whether the other side is back. */
export type Pass = 'call' | 'probe';

/** A circuit breaker: keeps callers from waiting for something that fails. Makes no calls of its own. */
export type Breaker = {
  /** Returns how a call may proceed, or undefined when it may not. Every pass must be settled. */
  admit(): Pass | undefined;
  /** Records whether a call was answered. */
  settle(pass: Pass, isAnswered: boolean): void;
  /** Opens immediately because the connection is lost. The next call is a probe. */
  trip(): void;
  isOpen(): boolean;
};

const FAILURES_MAX = 3;
const OPEN_MS = 1_000;

/**
 * Returns a closed breaker: three failures in a row open it for a second, then one probe decides. `nowMs` is
 * monotonic.
 */
export function createBreaker(nowMs: () => number): Breaker {
  let failures = 0;
  let isOpen = false;
  let isProbing = false;
  let probeAtMs = 0;

  function open(delayMs: number): void {
    isOpen = true;
    probeAtMs = nowMs() + delayMs;
  }

  return {
    admit() {
      if (!isOpen) return 'call';
      if (isProbing || nowMs() < probeAtMs) return undefined;
      isProbing = true;
      return 'probe';
    },
    settle(pass, isAnswered) {
      if (pass === 'probe') {
        isProbing = false;
        isOpen = !isAnswered;
      }
      // A call from before the breaker opened says nothing about the current state.
      else if (isOpen) return;
      failures = isAnswered ? 0 : failures + 1;
      if (failures >= FAILURES_MAX || isOpen) open(OPEN_MS);
    },
    trip() {
      if (!isOpen) open(0);
    },
    isOpen: () => isOpen,
  };
}
