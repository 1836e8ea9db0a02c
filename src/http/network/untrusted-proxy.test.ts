import assert from 'node:assert/strict';
import { it } from 'node:test';
import { makeClock } from '../../../test/support/harness.ts';
import { HOUR_MS } from '../../lib/durations.ts';
import { openLog } from '../../lib/log.ts';
import { createUntrustedProxy } from './untrusted-proxy.ts';

const passedOn = {
  ip: '10.0.0.1',
  network: 'forwarded by 10.0.0.1',
  untrustedProxyHeader: 'x-forwarded-for',
};
const direct = { ip: '10.0.0.1', network: '10.0.0.1', untrustedProxyHeader: undefined };

function start() {
  const clock = makeClock();
  const lines: string[] = [];
  const log = openLog('info', undefined, { write: (line: string) => lines.push(line) });
  return { clock, lines, proxy: createUntrustedProxy({ clock, log }) };
}

it('logs an untrusted proxy once per hour, regardless of the number of requests', () => {
  const { clock, lines, proxy } = start();
  for (let round = 0; round < 5; round += 1) proxy.record(passedOn);
  assert.equal(lines.length, 1);
  const { level, msg, proxy: named, header } = JSON.parse(lines[0] ?? '');
  assert.deepEqual([level, named, header], [40, '10.0.0.1', 'x-forwarded-for']);
  assert.match(msg, /Set TRUSTED_PROXIES/);
  clock.advance(HOUR_MS - 1);
  proxy.record(passedOn);
  assert.equal(lines.length, 1);
  clock.advance(1);
  proxy.record(passedOn);
  proxy.record(passedOn);
  assert.equal(lines.length, 2);
  assert.equal(proxy.countRequests(), 8);
});

it('warns until none has been seen for an hour', () => {
  const { clock, proxy } = start();
  assert.equal(proxy.findWarning(), undefined);
  proxy.record(passedOn);
  clock.advance(HOUR_MS - 1);
  assert.match(proxy.findWarning() ?? '', /TRUSTED_PROXIES is not set/);
  proxy.record(passedOn);
  clock.advance(HOUR_MS - 1);
  assert.notEqual(proxy.findWarning(), undefined);
  clock.advance(1);
  assert.equal(proxy.findWarning(), undefined);
});

it('ignores callers that connect directly', () => {
  const { lines, proxy } = start();
  proxy.record(direct);
  assert.deepEqual([lines, proxy.countRequests(), proxy.findWarning()], [[], 0, undefined]);
});
