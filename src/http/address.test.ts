import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCidrs } from '../lib/ip.ts';
import { resolveAddress } from './address.ts';

const trusted = parseCidrs(['10.0.0.0/8', '::1', '192.0.2.1']).cidrs;

/** Peer, X-Forwarded-For, whose address it is. */
const TABLE: [what: string, peer: string, forwarded: string | undefined, address: string][] = [
  ['the peer when nothing is forwarded', '203.0.113.9', undefined, '203.0.113.9'],
  ['the peer, whatever it claims, when it is not trusted', '203.0.113.9', '1.2.3.4', '203.0.113.9'],
  ['the hop before a trusted proxy', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['the right-most hop that is not trusted', '10.0.0.1', '1.2.3.4, 203.0.113.9, 10.9.9.9', '203.0.113.9'],
  ['not what an untrusted hop claims further left', '10.0.0.1', '8.8.8.8,203.0.113.9', '203.0.113.9'],
  ['the left-most when all are trusted', '10.0.0.1', '10.1.1.1, 192.0.2.1', '10.1.1.1'],
  ['the proxy when what it forwards is no address', '10.0.0.1', 'unknown', '10.0.0.1'],
  ['the last address before a hop that is none', '10.0.0.1', '1.2.3.4, _hidden, 10.2.2.2', '10.2.2.2'],
  ['the proxy when it forwards nothing', '10.0.0.1', '', '10.0.0.1'],
  ['IPv4 for IPv4-mapped IPv6', '::ffff:10.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
  ['IPv6 in its shortest form', '::1', '2001:DB8:0:0::0001', '2001:db8::1'],
];

describe('the address of a request is', () => {
  for (const [what, peer, forwarded, address] of TABLE) {
    it(what, () => assert.equal(resolveAddress(peer, forwarded, trusted), address));
  }

  it('the peer when no proxy is trusted at all', () => {
    assert.equal(resolveAddress('10.0.0.1', '203.0.113.9', []), '10.0.0.1');
  });
});
