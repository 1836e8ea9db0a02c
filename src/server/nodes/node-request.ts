import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '../../lib/clock.ts';
import { SECOND_MS } from '../../lib/durations.ts';
import { errorCodeOf } from '../../lib/errors.ts';
import { ANSWER_HEADER, hashBody, type SignatureHeaders, signAnswer, signRequest } from './signature.ts';

/** The node that stores events: its lease, and where it can be reached. */
export type Owner = { holder: string; address: string };

/** A request was not carried out, so it may be sent to another node. */
export class NotReached extends Error {}

/** Sends signed requests to the node that stores events. */
export type NodeClient = {
  /** `isSigned`: the node that has the lease sent this answer. Rejects with NotReached, or with another error if the outcome is unknown, as after `timeoutMs`. */
  post(
    owner: Owner,
    path: string,
    body: Uint8Array,
    timeoutMs: number,
  ): Promise<{ status: number; body: string; isSigned: boolean }>;
  /** Opens an answer without end, until `signal` fires. Rejects if the connection fails. */
  open(owner: Owner, path: string, signal: AbortSignal): Promise<IncomingMessage>;
  close(): void;
};

type Target = [method: string, path: string];

const CONNECT_MS = 2 * SECOND_MS;
/** Shorter than the listener keeps a connection, so that it is not closed while a request is on its way. */
const IDLE_MS = 30 * SECOND_MS;
const NO_BODY = new Uint8Array();

/** No connection was made. */
const NO_CONNECTION: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
]);

/** Returns a client that signs with `key`. */
export function createNodeClient(key: KeyObject, clock: Clock): NodeClient {
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });

  const sign = ({ holder }: Owner, [method, path]: Target, body: Uint8Array) =>
    signRequest(key, { method, path, holder, bodyHash: hashBody(body) }, clock);

  function start(
    { address }: Owner,
    [method, path]: Target,
    body: Uint8Array,
    [signature, signal]: [SignatureHeaders, AbortSignal],
  ) {
    const headers = { ...signature, 'content-length': body.length };
    const sent = request(new URL(path, address), { method, agent, headers, signal });
    limitConnecting(sent);
    sent.end(body);
    return answerOf(sent);
  }

  return {
    async post(owner, path, body, timeoutMs) {
      const target: Target = ['POST', path];
      const signature = sign(owner, target, body);
      const answer = await start(owner, target, body, [signature, AbortSignal.timeout(timeoutMs)]);
      const text = (await buffer(answer)).toString('latin1');
      const isSigned = answer.headers[ANSWER_HEADER] === signAnswer(key, signature, text);
      return { status: answer.statusCode ?? 0, body: text, isSigned };
    },
    open(owner, path, signal) {
      const target: Target = ['GET', path];
      return start(owner, target, NO_BODY, [sign(owner, target, NO_BODY), signal]);
    },
    close: () => agent.destroy(),
  };
}

/** A machine that is off does not refuse a connection. */
function limitConnecting(sent: ClientRequest): void {
  sent.once('socket', (socket) => {
    if (!socket.connecting) return;
    const giveUp = () => sent.destroy(new NotReached('The node did not accept a connection'));
    const timer = setTimeout(giveUp, CONNECT_MS);
    const stop = () => clearTimeout(timer);
    socket.once('connect', stop).once('close', stop);
  });
}

async function answerOf(sent: ClientRequest): Promise<IncomingMessage> {
  try {
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return answer;
  } catch (error) {
    if (!NO_CONNECTION.has(errorCodeOf(error))) throw error;
    throw new NotReached('The node refused the connection', { cause: error });
  } finally {
    // What happens to the connection later is seen in the answer.
    sent.on('error', () => undefined);
  }
}
