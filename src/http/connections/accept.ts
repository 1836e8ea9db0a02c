import type { Socket } from 'node:net';
import { type Cidr, callerNetwork, canonicalAddress, isInCidrs } from '../../lib/ip.ts';
import { receivePart } from './body-parts.ts';
import type { CloseReason, Connection } from './connection.ts';
import { continueConnection, type Rules } from './in-order.ts';
import { type ConnectionCaps, PARTS_SPARE_MAX } from './limits.ts';
import { watchParts } from './parser.ts';
import { addConnection, countOf, makeRoom, type Registry, removeConnection } from './registry.ts';

/** What a new connection is accepted with. */
export type AcceptRules = Rules & {
  caps: ConnectionCaps;
  /** Networks that have no cap per address: proxies, and machines nearby that may be proxies. */
  roomy: readonly Cidr[];
  /** Closes a connection because of what it has sent. */
  refuse: (error: NodeJS.ErrnoException, socket: Socket) => void;
};

/** Adds a new connection to the registry, in place of another one if there are too many; otherwise closes it. */
export function accept(registry: Registry, socket: Socket, rules: AcceptRules): void {
  const now = rules.now();
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
    currentAt: 0,
    currentFromBytes: 0,
    waiting: [],
    heldBytes: 0,
    takenBytes: 0,
    takenAt: now,
    spareParts: PARTS_SPARE_MAX,
    discarded: undefined,
    discardedBytes: 0,
    isClosing: false,
    onAnswered: () => continueConnection(registry, connection, rules),
  };
  const refuse = (error: NodeJS.ErrnoException) => rules.refuse(error, socket);
  watchParts(socket, (request, bytes) => receivePart(registry, connection, { request, bytes }, refuse));
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
