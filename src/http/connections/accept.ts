import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { type Cidr, callerNetwork, canonicalAddress, isInCidrs } from '../../lib/ip.ts';
import type { CloseReason, Connection } from './connection.ts';
import { continueConnection } from './in-order.ts';
import type { ConnectionCaps } from './limits.ts';
import { addConnection, countOf, makeRoom, type Registry, removeConnection } from './registry.ts';

/** What a new connection is accepted with. */
export type AcceptRules = {
  caps: ConnectionCaps;
  /** Networks that have no cap per address: proxies, and machines nearby that may be proxies. */
  roomy: readonly Cidr[];
  handle: RequestListener;
};

/** Adds a new connection to the registry, in place of another one if there are too many; otherwise closes it. */
export function accept(registry: Registry, socket: Socket, rules: AcceptRules, now: number): void {
  const peer = socket.remoteAddress;
  // The client has disconnected already.
  if (peer === undefined) return void socket.destroy();
  const address = canonicalAddress(peer) ?? peer;
  const network = isInCidrs(address, rules.roomy) ? undefined : callerNetwork(address);
  const refusal = findRefusal(registry, rules.caps, network);
  if (refusal !== undefined) {
    registry.closed[refusal] += 1;
    return void socket.resetAndDestroy();
  }
  const connection: Connection = {
    socket,
    network,
    openedAt: now,
    current: undefined,
    waiting: [],
    heldBytes: 0,
    takenBytes: 0,
    takenAt: now,
    isClosing: false,
    onAnswered: () => continueConnection(registry, connection, rules.handle),
  };
  addConnection(registry, connection);
  socket.on('close', () => removeConnection(registry, connection));
}

function findRefusal(
  registry: Registry,
  caps: ConnectionCaps,
  network: string | undefined,
): CloseReason | undefined {
  if (network !== undefined && countOf(registry, network) >= caps.perAddress && !makeRoom(registry, network))
    return 'address_full';
  return registry.all.size >= caps.total && !makeRoom(registry) ? 'server_full' : undefined;
}
