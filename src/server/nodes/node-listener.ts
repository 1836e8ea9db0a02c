import { hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { MINUTE_MS, SECOND_MS } from '../../lib/durations.ts';
import type { Log } from '../../lib/log.ts';
import type { EventRow } from '../../warehouse/event-row.ts';
import type { Warehouse } from '../../warehouse/open.ts';
import { decodeRows } from '../../warehouse/rows/decode-rows.ts';
import { ROW_LAYOUT } from '../../warehouse/rows/row-layout.ts';
import { appendRuns, splitByProject } from './append-runs.ts';
import type { FeedHub } from './feed-hub.ts';
import { ANSWER_HEADER, hashBody, type SignatureCheck } from './signature.ts';

/**
 * Rows in bytes to store; the answer has a letter per row (see `RowAnswer`). The path says how rows are laid out: a node of a release
 * that does it differently has no such path.
 */
export const APPEND_PATH = `/append/${hash('sha256', JSON.stringify(ROW_LAYOUT), 'base64url').slice(0, 16)}`;
/** Opens a feed: see `FeedHub`. */
export const FEED_PATH = '/feed';
/** Which projects a feed contains the rows of: JSON of `WatchedProjects`. */
export const WATCH_PATH = '/feed/projects';

/** The body of WATCH_PATH. */
export type WatchedProjects = { feed: string; projects: string[] };

/** What this node answers other nodes with while it stores events. */
export type OwnStore = { holder: string; warehouse: Pick<Warehouse, 'append'>; hub: FeedHub };

export type ListenerOptions = {
  /** This node's store; undefined while another node stores events. */
  own: () => OwnStore | undefined;
  check: SignatureCheck['check'];
  isErased: (row: EventRow) => boolean;
  log: Log;
};

/** Another node stores the events. The body is read and dropped, so that the sender sees the answer rather than a reset. */
const MOVED = 409;

/** More than a block of the forwarder. */
const BODY_BYTES_MAX = 32_000_000;

/** Listens for other nodes at the host and port of `address`. Returns the function that stops it. Rejects if it cannot listen. */
export async function listenForNodes(
  address: string,
  options: ListenerOptions,
): Promise<() => Promise<void>> {
  const { hostname, port } = new URL(address);
  const server = createServer((request, response) => {
    answer(options, request, response).catch((err: unknown) => {
      options.log.warn({ err }, 'a request of another node failed');
      end(response, 500);
    });
  });
  server.keepAliveTimeout = MINUTE_MS;
  server.headersTimeout = 10 * SECOND_MS;
  server.requestTimeout = 20 * SECOND_MS;
  // Brackets are for URLs.
  server.listen(Number(port || 80), hostname.replace(/^\[|\]$/g, ''));
  await once(server, 'listening');
  return async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
}

async function answer(
  options: ListenerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url: path = '' } = request;
  const own = options.own();
  // The sender looks who stores events now. It needs no secret to see that this node does not.
  if (own === undefined) return end(response, MOVED);
  const checked = options.check({ method, path, holder: own.holder }, request.headers);
  if ('refusal' in checked) {
    options.log.warn({ refusal: checked.refusal }, 'a request to the port for nodes was refused');
    return end(response, 401);
  }
  if (!(Number(request.headers['content-length']) <= BODY_BYTES_MAX)) return end(response, 413);
  const body = await buffer(request);
  if (hashBody(body) !== checked.bodyHash) return end(response, 401);
  if (path === APPEND_PATH) {
    const { rows } = decodeRows(body);
    const answers = await appendRuns(own.warehouse, splitByProject(rows), options.isErased);
    response.setHeader(ANSWER_HEADER, checked.sign(answers));
    return end(response, 200, answers);
  }
  if (path === FEED_PATH) return own.hub.open(response);
  if (path === WATCH_PATH) return end(response, own.hub.watch(JSON.parse(body.toString())) ? 204 : 404);
  return end(response, 404);
}

function end(response: ServerResponse, status: number, body = ''): void {
  if (response.headersSent) response.destroy();
  // What is left of a refused body is not read.
  else response.writeHead(status, status >= 400 && status !== MOVED ? { connection: 'close' } : {}).end(body);
}
