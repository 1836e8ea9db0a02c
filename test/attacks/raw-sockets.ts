import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One connection of an attack. */
export type RawSocket = { socket: Socket; closed: Promise<void> };

/** What the connections of an attack got. */
export type Tally = { opened: number; closedByServer: number; bytesRead: number };

/** Connects to a server. Errors count as a close; nothing is read until the caller resumes the socket. */
export function openSocket(url: string, tally: Tally): RawSocket {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.pause();
  tally.opened += 1;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    tally.bytesRead += chunk.length;
  });
  socket.pause();
  return { socket, closed };
}

/**
 * Keeps `count` connections open until the signal fires: one that the server closes is replaced. `use` sends and reads;
 * it may end early. Resolves once all are closed.
 */
export async function keepOpen(
  url: string,
  count: number,
  use: (socket: Socket, index: number) => Promise<void> | void,
  signal: AbortSignal,
): Promise<Tally> {
  const tally: Tally = { opened: 0, closedByServer: 0, bytesRead: 0 };
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const lanes = Array.from({ length: count }, async (_, index) => {
    while (!signal.aborted) {
      const { socket, closed } = openSocket(url, tally);
      void Promise.resolve(use(socket, index)).catch(() => undefined);
      await Promise.race([closed, stopped]);
      if (!signal.aborted) tally.closedByServer += 1;
      socket.destroy();
      await closed;
      // A refused client tries again, but does not use up its own CPU.
      await Promise.race([sleep(50), stopped]);
    }
  });
  await Promise.all(lanes);
  return tally;
}

/** Reads one chunk each `pauseMs`, until the socket is closed. */
export async function readSlowly(socket: Socket, pauseMs: number): Promise<void> {
  socket.on('data', () => socket.pause());
  while (!socket.destroyed) {
    socket.resume();
    await sleep(pauseMs, undefined, { ref: false });
  }
}

/** Describes a tally in one line. */
export const describe = ({ opened, closedByServer, bytesRead }: Tally): string =>
  `${opened} connections, ${closedByServer} closed by the server, ${(bytesRead / 1e6).toFixed(1)} MB read`;
