import type { Attack } from './attack.ts';
import { describe, keepOpen, readSlowly } from './raw-sockets.ts';

const WRITTEN_BYTES = 64 * 1024;
const CONNECTIONS = 60;
const PAUSE_MS = 200;

/** Requests that need no key: large and small answers, refusals, and answers without a body. */
export const KEYLESS_REQUESTS = [
  'GET /openapi.json',
  'GET /.well-known/appflow-key-patterns.json',
  'GET /',
  'GET /no-such-path',
  'OPTIONS /v1/events',
  'GET /v1/events',
  'HEAD /openapi.json',
] as const;

/** Returns as many requests as fit into 64 KB, as one text. */
export function pipeline(request: string): string {
  const text = `${request} HTTP/1.1\r\nHost: x\r\n\r\n`;
  return text.repeat(Math.floor(WRITTEN_BYTES / text.length));
}

/** Returns the attack with this many connections and these requests, one kind per connection. */
export function pipelineFrom(connections: number, requests: readonly string[] = KEYLESS_REQUESTS): Attack {
  const texts = requests.map(pipeline);
  return {
    name: `${connections} connections with thousands of requests each, read slowly`,
    async run({ url }, signal) {
      const tally = await keepOpen(
        url,
        connections,
        async (socket, index) => {
          socket.write(texts[index % texts.length] ?? '');
          await readSlowly(socket, PAUSE_MS);
        },
        signal,
      );
      return describe(tally);
    },
  };
}

/** Floods of requests on one connection, whose answers are hardly read. */
export const pipelining = pipelineFrom(CONNECTIONS);
