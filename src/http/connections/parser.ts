import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Decides about a part of a request's body: whether it is passed on, else it is discarded. */
export type ReceivePart = (request: IncomingMessage | null, bytes: number) => boolean;

type OnBody = (this: Parser, part: Buffer) => void;

/** Node's parser of a connection, which it reuses for later ones. Not documented. */
type Parser = {
  constructor: { kOnBody?: number };
  socket: Socket | null;
  incoming: IncomingMessage | null;
  onIncoming?: unknown;
  [callback: number]: OnBody | undefined;
};

const receivers = new WeakMap<Socket, ReceivePart>();
let passOn: OnBody | undefined;

/** A function of its own per process, not per connection: a parser keeps it when it is reused, also for a client. */
function receivePart(this: Parser, part: Buffer): void {
  const receive = this.socket === null ? undefined : receivers.get(this.socket);
  if (receive === undefined || receive(this.incoming, part.length)) passOn?.call(this, part);
}

const parserOf = (socket: Socket) => (socket as Socket & { parser?: Parser | null }).parser ?? undefined;

/**
 * Calls `receive` with each part of a body, before it becomes part of a stream: one per chunk, or per read if the body is
 * not chunked. Bodies are also received that no handler reads, so the stream's events would miss them.
 */
export function watchParts(socket: Socket, receive: ReceivePart): void {
  const parser = parserOf(socket);
  const event = parser?.constructor.kOnBody;
  if (parser === undefined || event === undefined) return;
  receivers.set(socket, receive);
  if (parser[event] === receivePart) return;
  passOn ??= parser[event];
  parser[event] = receivePart;
}

/**
 * Stops the parser before the next request or part of a body. Node parses all that one read returned, up to 64 KB, and
 * creates every request and part in it even when its socket is destroyed: thousands, 30 times the work of the requests that
 * are answered. To a parser, 2 means that another protocol follows. Not documented; without it, closing such a connection
 * only takes longer.
 */
export function stopParsing(socket: Socket): void {
  const parser = parserOf(socket);
  if (parser === undefined) return;
  parser.onIncoming = () => 2;
  const event = parser.constructor.kOnBody;
  if (event === undefined || parser[event] !== receivePart) return;
  parser[event] = undefined;
  // Node reuses the parser, but not before this.
  socket.once('close', () => {
    parser[event] = receivePart;
  });
}
