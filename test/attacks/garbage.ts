import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack } from './attack.ts';

const CONNECTIONS = 20;
const PAUSE_MS = 20;

/** What is sent on a new connection each: bytes that are no HTTP, and requests that are broken in different places. */
const TEXTS: readonly (() => string | Buffer)[] = [
  () => randomBytes(64 * 1024),
  () => '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  () => 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  () => `GET / HTTP/1.1\r\nHost: a\r\n${'x: y\r\n'.repeat(5_000)}\r\n`,
  () => `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  () => 'POST /v1/events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  () => 'POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx',
  () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
];

/** Sends one text on a connection of its own. Resolves with the status it got, or `closed`. */
function send(url: string, text: string | Buffer, signal: AbortSignal): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), signal }, () => socket.end(text));
    let got = 'closed';
    socket.on('data', (chunk) => {
      got = /^HTTP\/1\.1 (\d{3})/.exec(String(chunk))?.[1] ?? got;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(got));
  });
}

/** Bytes that are no request, on connection after connection. */
export const garbage: Attack = {
  name: 'garbage',
  async run({ url }, signal) {
    const answers = new Map<string, number>();
    let sent = 0;
    const sendMany = async () => {
      while (!signal.aborted) {
        const create = TEXTS[sent++ % TEXTS.length];
        const answer = await send(url, create?.() ?? '', signal);
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
        await sleep(PAUSE_MS);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, sendMany));
    return `garbage: ${[...answers].map(([answer, count]) => `${count} x ${answer}`).join(', ')}`;
  },
};
