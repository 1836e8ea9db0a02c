import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from './clock.ts';

it('never steps back, so that an expired key stays expired when the machine is set back', (t) => {
  const machine = t.mock.method(Date, 'now', () => 1_000);
  const clock = systemClock();
  const readings = [1_000, 2_000, 500, 1_999, 2_000, 2_001].map((instant) => {
    machine.mock.mockImplementation(() => instant);
    return clock.now();
  });
  assert.deepEqual(readings, [1_000, 2_000, 2_000, 2_000, 2_000, 2_001]);
});
