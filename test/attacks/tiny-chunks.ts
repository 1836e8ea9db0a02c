import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack } from './attack.ts';
import { describe, keepOpen } from './raw-sockets.ts';

const CONNECTIONS = 40;
const WRITTEN_BYTES = 64 * 1024;
const PAUSE_MS = 100;

const TINY = '1\r\n1\r\n';
const CHUNKS = Buffer.from(TINY.repeat(Math.floor(WRITTEN_BYTES / TINY.length)));
const LARGE = `fff0\r\n${' '.repeat(0xff_f0)}\r\n100\r\n${' '.repeat(0x100)}\r\n`;

const headOf = (request: string, fields = '') =>
  `${request} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${fields}Transfer-Encoding: chunked\r\n\r\n`;

/** How the connections begin, one kind each: bodies that are refused, too large, read with a key, or wait for answers. */
const startsFor = (url: string, clientKey: string): string[] => [
  headOf('POST /v1/events'),
  headOf('POST /no-such-path'),
  headOf('GET /healthz'),
  headOf('POST /v1/events', `Authorization: Bearer ${clientKey}\r\n`),
  headOf('POST /app/v1/sign-in', `Origin: ${url}\r\n`) + LARGE,
  'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(6) + headOf('POST /v1/events'),
];

async function sendChunks(socket: Socket, start: string): Promise<void> {
  socket.write(start);
  while (!socket.destroyed) {
    if (!socket.writableNeedDrain) socket.write(CHUNKS);
    await sleep(PAUSE_MS, undefined, { ref: false });
  }
}

/** Bodies in chunks of one byte, each of which costs the server an event, whether the body is used or not. */
export const tinyChunks: Attack = {
  name: 'bodies in tiny chunks',
  async run({ url, clientKey }, signal) {
    const starts = startsFor(url, clientKey);
    const use = (socket: Socket, index: number) => sendChunks(socket, starts[index % starts.length] ?? '');
    return describe(await keepOpen(url, CONNECTIONS, use, signal));
  },
};
