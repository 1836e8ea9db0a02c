import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request of a flood: what to send, and the body in parts. */
export type FloodRequest = {
  method: string;
  path: string;
  headers: Record<string, string | number>;
  body?: readonly (Buffer | string)[];
};

type Flood = {
  connections: number;
  makeRequest: () => FloodRequest;
  /** How long a connection waits after an answer, in milliseconds. `closed` is one without an answer. */
  pauseAfter: (answer: string) => number;
};

/** Sends requests until the signal fires, each connection as fast as `pauseAfter` allows. Returns how often it got which answer. */
export async function flood(url: string, signal: AbortSignal, options: Flood): Promise<string> {
  const { connections, makeRequest, pauseAfter } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const answers = new Map<string, number>();
  const send = async () => {
    while (!signal.aborted) {
      const answer = await sendOne(url, makeRequest(), { agent, signal });
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      const ms = pauseAfter(answer);
      if (ms > 0) await sleep(ms);
    }
  };
  await Promise.all(Array.from({ length: connections }, send));
  agent.destroy();
  return [...answers].map(([answer, count]) => `${count} x ${answer}`).join(', ');
}

/** Resolves with the status, or `closed`. */
function sendOne(
  url: string,
  { method, path, headers, body = [] }: FloodRequest,
  options: { agent: Agent; signal: AbortSignal },
): Promise<string> {
  return new Promise((resolve) => {
    const sent = request(url + path, { method, headers, ...options }, (answer) => {
      answer.resume();
      answer.on('close', () => resolve(String(answer.statusCode)));
    });
    sent.on('error', () => resolve('closed'));
    for (const part of body) sent.write(part);
    sent.end();
  });
}
