import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';

/** Long enough for a busy machine, and less than a test may take. */
const WAIT_MS_MAX = 120_000;
const POLL_MS = 20;

/**
 * Waits until `isSo` returns true, and fails after two minutes: a loop without an end would keep the test file, and with it
 * the test runner, from ending.
 */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + WAIT_MS_MAX;
  while (!(await isSo())) {
    assert.ok(performance.now() < end, `never: ${what}`);
    await setTimeout(POLL_MS);
  }
}
