import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeClock } from '../../../test/support/harness.ts';
import { MINUTE_MS } from '../../lib/durations.ts';
import { openLog } from '../../lib/log.ts';
import { createAnswerLog, FAILURE_LINES_PER_MINUTE } from './answer-log.ts';

it('logs 20 failed answers per code and minute, and how many were left out in the next line', () => {
  const lines: { msg: string; omittedBefore?: number }[] = [];
  const log = openLog('info', (line) => line, { write: (line) => lines.push(JSON.parse(line)) });
  const clock = makeClock();
  const answers = createAnswerLog({ clock, log });
  for (let index = 0; index < 500; index += 1) answers.write('error', {}, 'storage_unavailable');
  assert.equal(lines.length, FAILURE_LINES_PER_MINUTE);
  answers.write('error', {}, 'internal');
  assert.equal(lines.at(-1)?.msg, 'internal', 'a flood of one code hides no other');
  clock.advance(MINUTE_MS - 1);
  answers.write('error', {}, 'storage_unavailable');
  assert.equal(lines.length, FAILURE_LINES_PER_MINUTE + 1);
  clock.advance(1);
  answers.write('error', {}, 'storage_unavailable');
  answers.write('error', {}, 'storage_unavailable');
  const [next, last] = lines.slice(-2);
  assert.deepEqual([next?.omittedBefore, last?.omittedBefore], [481, undefined]);
  clock.advance(-10 * MINUTE_MS);
  answers.write('error', {}, 'storage_unavailable');
  assert.equal(lines.length, FAILURE_LINES_PER_MINUTE + 4, 'a clock that was set back silences nothing');
});
