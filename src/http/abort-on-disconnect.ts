import type { FastifyReply } from 'fastify';

/** Returns a signal that fires when the client disconnects before it has its answer. */
export function abortOnDisconnect(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  if (reply.raw.socket?.destroyed !== false) controller.abort();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
