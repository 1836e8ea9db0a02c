import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Answer } from './harness.ts';

/**
 * Sends raw bytes over a new connection and returns everything received until it was closed; for a stream, only the
 * first part.
 */
export function sendRaw(url: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (/^content-type: text\/event-stream/im.test(String(chunks[0]))) socket.destroy();
    });
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.on('error', reject);
    socket.setTimeout(5_000, () => socket.destroy(new Error('No answer in 5 s')));
  });
}

/**
 * Sends all requests on connections of their own, each but for its last byte, then all last bytes together: a server
 * that looks before it counts sees all of them at the same moment. Returns the answers in the same order.
 */
export async function sendTogether(url: string, requests: readonly string[]): Promise<Answer[]> {
  const { hostname, port } = new URL(url);
  const held = await Promise.all(
    requests.map(async (bytes) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      await once(socket, 'connect');
      socket.write(bytes.slice(0, -1));
      return { socket, last: bytes.slice(-1) };
    }),
  );
  const answers = held.map(({ socket }) => text(socket));
  for (const { socket, last } of held) socket.write(last);
  return (await Promise.all(answers)).map(parseAnswer);
}

/** Returns a request of one of the dashboard's pages as it is on the wire; the connection closes after the answer. */
export function toRawPost(
  url: string,
  path: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): string {
  const text = JSON.stringify(body);
  const fields = {
    host: new URL(url).host,
    origin: new URL(url).origin,
    connection: 'close',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${text}`;
}

/** Parses one raw HTTP answer into the form the harness returns. */
export function parseAnswer(answer: string): Answer {
  const end = answer.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = answer.slice(0, end).split('\r\n');
  const headers = new Headers(lines.map((line) => line.split(/:\s*/, 2) as [string, string]));
  const text = answer.slice(end + 4);
  const isJson = text !== '' && headers.get('content-type')?.includes('json');
  const body = isJson ? JSON.parse(text) : text;
  return { status: Number(statusLine.split(' ')[1]), headers, body, text };
}
