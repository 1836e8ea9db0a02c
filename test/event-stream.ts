import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect as connectSocket } from 'node:net';

/** A message as a reader of an event stream sees it. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into data of every shape, and a wrong look fails the test.
export type Message = { event: string; id: string; data: any; at: number };

/** An open stream. `lastId` is what a browser would send when it comes back. */
export type Reader = {
  /** Resolves with the next message that is not a comment; undefined when the stream has ended. */
  next: () => Promise<Message | undefined>;
  /** Resolves with the data of so many next events. */
  events: (count: number) => Promise<Message[]>;
  lastId: () => string;
  /** Comments so far. */
  comments: () => number;
  headers: IncomingHttpHeaders;
  status: number;
  close: () => void;
};

/** Opens a stream and returns once the server has taken it. Written after the rules of HTML, "Server-sent events". */
export async function openStream(
  url: string,
  key: string,
  { query = '', lastEventId }: { query?: string; lastEventId?: string } = {},
): Promise<Reader> {
  const headers: Record<string, string> = { authorization: `Bearer ${key}` };
  if (lastEventId !== undefined) headers['last-event-id'] = lastEventId;
  // Not fetch: it replaces a connection that was torn off by one that says nothing, which holds up a stop.
  const request = get(`${url}/v1/events/stream?${query}`, { headers, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  request.on('error', () => undefined);
  const blocks = readBlocks(response);
  let lastId = '';
  let comments = 0;
  async function next(): Promise<Message | undefined> {
    // Not for await: leaving it would end the stream.
    for (let found = await blocks.next(); !found.done; found = await blocks.next()) {
      const fields = readFields(found.value);
      if (fields.has('')) comments += 1;
      lastId = fields.get('id') ?? lastId;
      const data = fields.get('data');
      if (data === undefined) continue;
      const event = fields.get('event') ?? 'message';
      return { event, id: lastId, data: JSON.parse(data), at: performance.now() };
    }
    return undefined;
  }
  const reader: Reader = {
    next,
    async events(count) {
      const found: Message[] = [];
      while (found.length < count) {
        const message = await next();
        assert.equal(
          message?.event,
          'event',
          `${found.length} of ${count} came, then ${JSON.stringify(message)}`,
        );
        if (message) found.push(message);
      }
      return found;
    },
    lastId: () => lastId,
    comments: () => comments,
    headers: response.headers,
    status: response.statusCode ?? 0,
    close: () => request.destroy(),
  };
  return reader;
}

/** Returns the fields of a block; a comment is one without a name. */
function readFields(block: string): Map<string, string> {
  return new Map(
    block.split('\n').map((line) => {
      const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
      return [name, value];
    }),
  );
}

async function* readBlocks(response: IncomingMessage): AsyncGenerator<string, undefined> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of response) {
    text += decoder.decode(bytes, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    yield* blocks;
  }
  assert.equal(text, '', 'a stream ends behind a message');
}

/** Opens a stream on a socket that takes nothing until it is told to. */
export async function openStalledStream(url: string, key: string) {
  const { port, hostname } = new URL(url);
  const socket = connectSocket(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(`GET /v1/events/stream HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer ${key}\r\n\r\n`);
  const [head] = await once(socket, 'data');
  assert.match(String(head), /^HTTP\/1\.1 200 /);
  socket.pause();
  return {
    socket,
    /** Takes all there is, until the server ends it. */
    async drain(): Promise<string> {
      const chunks: Buffer[] = [];
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.resume();
      // Torn off is an end too.
      await new Promise((resolve) => socket.once('close', resolve));
      return Buffer.concat(chunks).toString();
    },
  };
}
