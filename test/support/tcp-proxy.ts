import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A proxy to a port, with injectable faults. */
export type Proxy = AsyncDisposable & {
  port: number;
  /** Delays every byte by this much from now on. */
  setDelay: (ms: number) => void;
  /** Connects to another port from now on. */
  retarget: (port: number) => void;
  /** Closes the open connections. */
  drop: () => void;
  /** The other side of the open connections disappears without closing them. */
  swallow: () => void;
  /**
   * Closes a connection when it sends a text for the n-th time from now on, counted over all connections: before the text
   * arrives, or after the other side has answered it and without passing on the answer.
   */
  breakAt: (text: string, fate: 'before' | 'after', nth?: number) => void;
};

/** Forwards bytes to `port`, in order. */
export async function startProxy(port: number): Promise<Proxy> {
  let delayMs = 0;
  let target = port;
  const sockets = new Set<Socket>();
  let trap: { text: string; fate: 'before' | 'after'; left: number } | undefined;
  /** Breaks a connection at the text of the trap. Returns whether the bytes must not be passed on. */
  const isTrapped = (bytes: Buffer, incoming: Socket, outgoing: Socket) => {
    if (!trap || !bytes.includes(trap.text)) return false;
    trap.left -= 1;
    if (trap.left > 0) return false;
    const { fate } = trap;
    trap = undefined;
    if (fate === 'before') incoming.destroy();
    else outgoing.removeAllListeners('data').once('data', () => incoming.destroy());
    return fate === 'before';
  };
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  const pass = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on('data', (bytes) => setTimeout(() => to.write(bytes), delayMs));
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((incoming) => {
    const outgoing = connect(target, '127.0.0.1');
    incoming.on('data', (bytes) => {
      if (isTrapped(bytes, incoming, outgoing)) outgoing.destroy();
    });
    pass(incoming, outgoing);
    pass(outgoing, incoming);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    async [Symbol.asyncDispose]() {
      drop();
      server.close();
    },
    drop,
    port: (server.address() as AddressInfo).port,
    setDelay(ms) {
      delayMs = ms;
    },
    retarget(other) {
      target = other;
    },
    breakAt(text, fate, nth = 1) {
      trap = { text, fate, left: nth };
    },
    swallow() {
      for (const socket of sockets) socket.removeAllListeners('data').resume();
    },
  };
}
