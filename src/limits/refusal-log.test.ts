import assert from 'node:assert/strict';
import { it } from 'node:test';
import { openLog } from '../lib/log.ts';
import { createGate } from './gate.ts';
import { createRefusalLog } from './refusal-log.ts';

it('logs one line per minute of any number of refusals', async () => {
  const lines: string[] = [];
  const log = openLog('warn', (text) => text, { write: (line: string) => lines.push(line) });
  let nowMs = 0;
  const onRefused = createRefusalLog({ clock: { now: () => nowMs }, log }, 'full');
  const gate = createGate({ insideMax: 1, openInsideMax: 1, waitingMax: 0, kindWaitingMax: 0, onRefused });
  const enter = () =>
    gate.enter({ kind: 'client', callerId: 'key_a', network: 'a' }, new AbortController().signal);
  assert.equal(typeof enter(), 'function');
  for (const [atMs, expected] of [
    [0, 1],
    [59_999, 1],
    [60_000, 2],
  ] as const) {
    nowMs = atMs;
    for (let refusal = 1; refusal <= 10; refusal += 1) assert.equal(enter(), undefined);
    assert.equal(lines.length, expected);
  }
  assert.equal(gate.countRefused(), 30);
});
