import { Agent, type OutgoingHttpHeaders, request } from 'node:http';

/** A client with an address of its own: attackers share 127.0.0.1, so limits per address do not count them together. */
export type LocalClient = { agent: Agent | false; localAddress: string };

/** Returns a client that sends from `127.0.0.<number>` and keeps its connections. */
export function openClient(number: number, connections: number): LocalClient {
  const localAddress = `127.0.0.${number}`;
  return { localAddress, agent: new Agent({ keepAlive: true, maxSockets: connections }) };
}

/** An answer; `closed` if the connection ended before there was one. */
export type LocalAnswer = { status: string; text: string; retryAfterMs: number; ms: number };

/** What to send; POST if there is a body. */
export type LocalRequest = { url: string; headers?: OutgoingHttpHeaders; body?: string; timeoutMs?: number };

const TIMEOUT_MS = 30_000;

/** Sends a request and reads the whole answer. Never rejects. */
export function send(
  client: LocalClient,
  { url, headers = {}, body, timeoutMs = TIMEOUT_MS }: LocalRequest,
): Promise<LocalAnswer> {
  const from = performance.now();
  return new Promise((resolve) => {
    const finish = (status: string, text = '', retryAfter = '0') =>
      resolve({ status, text, retryAfterMs: Number(retryAfter) * 1_000, ms: performance.now() - from });
    const method = body === undefined ? 'GET' : 'POST';
    const length =
      body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const options = {
      method,
      ...client,
      headers: { ...headers, ...length },
      signal: AbortSignal.timeout(timeoutMs),
    };
    const sent = request(url, options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', () => finish('closed'));
      answer.on('end', () =>
        finish(String(answer.statusCode), Buffer.concat(chunks).toString(), answer.headers['retry-after']),
      );
    });
    sent.on('error', () => finish('closed'));
    sent.end(body);
  });
}
