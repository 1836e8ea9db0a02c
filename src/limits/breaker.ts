/** How a call goes through: as usual, or as the one that finds out whether the other side is back. */
export type Pass = 'call' | 'probe';

/** Keeps calls from something that fails, so that nobody waits for it in vain. Never asks anything itself. */
export type Breaker = {
  /** Returns how a call may go through, or undefined when it may not. Each pass must be settled. */
  admit(): Pass | undefined;
  /** Tells how a call ended. */
  settle(pass: Pass, isAnswered: boolean): void;
  /** Opens at once: the connection is lost. The next call is a probe. */
  trip(): void;
  isOpen(): boolean;
};

const FAILURES_MAX = 3;
const OPEN_MS = 1_000;

/** Returns a closed breaker: three failures in a row open it for a second, then one probe decides. `nowMs` is monotonic. */
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
      // A call from before it opened says nothing of what is now.
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
