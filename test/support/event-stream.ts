import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect as connectSocket } from 'node:net';

/** A message of an event stream; `data` is the JSON in its `text`. */
// biome-ignore lint/suspicious/noExplicitAny: tests read data of every shape, and a wrong property fails the test.
export type Message = { event: string; id: string; data: any; text: string; at: number };

/** An open stream. `lastId` is the Last-Event-ID a browser would send when it reconnects. */
export type Reader = {
  /** Resolves with the next message after `ready`, which is the first; undefined if the stream has ended. */
  next: () => Promise<Message | undefined>;
  /** Resolves with the next `count` events. */
  events: (count: number) => Promise<Message[]>;
  lastId: () => string;
  headers: IncomingHttpHeaders;
  status: number;
  close: () => void;
};

/** Opens a stream and resolves once the server accepts it. Parses as the HTML standard says, "Server-sent events". */
export async function openStream(
  url: string,
  key: string,
  { query = '', lastEventId }: { query?: string; lastEventId?: string } = {},
): Promise<Reader> {
  const headers: Record<string, string> = { authorization: `Bearer ${key}` };
  if (lastEventId !== undefined) headers['last-event-id'] = lastEventId;
  // Not fetch: it replaces a broken connection with an idle one, which delays a stop.
  const request = get(`${url}/v1/events/stream?${query}`, { headers, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  request.on('error', () => undefined);
  const blocks = readBlocks(response);
  let lastId = '';
  let isFirst = true;
  async function next(): Promise<Message | undefined> {
    // Not for await: leaving the loop would close the stream.
    for (let found = await blocks.next(); !found.done; found = await blocks.next()) {
      const fields = readFields(found.value);
      lastId = fields.get('id') ?? lastId;
      const data = fields.get('data') ?? assert.fail(`a message without data: ${found.value}`);
      const event = fields.get('event') ?? 'message';
      assert.equal(event === 'ready', isFirst, found.value);
      isFirst = false;
      if (event === 'ready') continue;
      return { event, id: lastId, data: JSON.parse(data), text: data, at: performance.now() };
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
    headers: response.headers,
    status: response.statusCode ?? 0,
    close: () => request.destroy(),
  };
  return reader;
}

/** Returns the fields of a block. A comment is a field with an empty name. */
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
  assert.match(text, /^(:.*\n)*$/, 'a stream ends behind a message');
}

/** Opens a stream on a socket that reads nothing until asked to. */
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
    /** Reads everything until the server closes the stream. */
    async drain(): Promise<string> {
      const chunks: Buffer[] = [];
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.resume();
      // A reset connection counts as closed too.
      await new Promise((resolve) => socket.once('close', resolve));
      return Buffer.concat(chunks).toString();
    },
  };
}
