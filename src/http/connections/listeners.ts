import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, createServer, type Server as SocketServer } from 'node:net';

/**
 * Sockets that listen on the port of one server. libuv accepts one connection per socket and turn of the event loop
 * (since 1.45), so with a single one a flood of connections fills the system's queue while the loop is busy, and others
 * wait for seconds. The system spreads connections over all of them.
 */
export const LISTENERS = 32;

/** Whether several sockets can listen on one port and share its connections (SO_REUSEPORT). */
export const SHARES_PORT = process.platform === 'linux';

/**
 * The options of a listening server that lets `addListeners` add more sockets. A client whose connection finds no room in
 * the system's queue retries only after 1, 3, 7 and 15 s. Linux limits the queue to `net.core.somaxconn`, 4096 by default.
 */
export const LISTEN_OPTIONS = { reusePort: SHARES_PORT, backlog: 4_096 };

/**
 * Adds the other sockets of a server that listens with LISTEN_OPTIONS. Returns the function that closes them; it resolves
 * once the connections they have accepted are closed. Rejects with the system's error.
 */
export async function addListeners(server: Server): Promise<() => Promise<void>> {
  const added: SocketServer[] = [];
  const close = async () => {
    await Promise.all(added.map((listener) => new Promise<unknown>((resolve) => listener.close(resolve))));
  };
  const { address: host, port } = server.address() as AddressInfo;
  try {
    for (let count = 1; SHARES_PORT && count < LISTENERS; count += 1) {
      // The same options as Node's HTTP server, whose connections these are from now on.
      const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
        server.emit('connection', socket),
      );
      added.push(listener);
      listener.listen({ host, port, ...LISTEN_OPTIONS });
      await once(listener, 'listening');
    }
  } catch (error) {
    await close();
    throw error;
  }
  return close;
}
