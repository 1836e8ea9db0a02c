import { connect } from 'node:net';
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
