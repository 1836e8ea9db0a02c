/** Wall time in epoch milliseconds. Never steps back, so that an expired key cannot come back to life. */
export type Clock = { now(): number };

/** Returns the machine's clock, held at its highest reading while the machine's own clock is set back. */
export function systemClock(): Clock {
  let highest = 0;
  return {
    now() {
      highest = Math.max(highest, Date.now());
      return highest;
    },
  };
}
