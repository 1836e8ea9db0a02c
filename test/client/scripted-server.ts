import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';

import { setImmediate } from 'node:timers/promises';
import type { Fetch } from '../../client/src/http/transport.ts';
import type { Clock } from '../../client/src/runtime/clock.ts';
import { cleanUp } from '../support/clean-up.ts';

/** A clock that moves only when the test moves it. */
export type ManualClock = Clock & {
  /** Advances to the next timer and runs it; false if there is none. */
  fireNext: () => boolean;
  /** Advances by `ms`, running the timers that become due. */
  advance: (ms: number) => void;
  /** Shifts the wall clock by `ms`, as a user or NTP may. */
  jump: (ms: number) => void;
  pending: () => number;
};

/** Returns a clock at 0 ms and 2026-11-22T10:00:00Z. */
export function makeManualClock(): ManualClock {
  let monotonicMs = 0;
  let offsetMs = Date.parse('2026-11-22T10:00:00Z');
  let lastId = 0;
  const timers = new Map<unknown, { atMs: number; run: () => void }>();

  function fireNext(untilMs = Number.POSITIVE_INFINITY): boolean {
    const [next] = [...timers].sort(([, one], [, other]) => one.atMs - other.atMs);
    if (next === undefined || next[1].atMs > untilMs) return false;
    timers.delete(next[0]);
    monotonicMs = Math.max(monotonicMs, next[1].atMs);
    next[1].run();
    return true;
  }

  return {
    now: () => monotonicMs + offsetMs,
    monotonicMs: () => monotonicMs,
    setTimeout(run, ms) {
      lastId += 1;
      timers.set(lastId, { atMs: monotonicMs + ms, run });
      return lastId;
    },
    clearTimeout: (timer) => void timers.delete(timer),
    fireNext: () => fireNext(),
    advance(ms) {
      const untilMs = monotonicMs + ms;
      while (fireNext(untilMs));
      monotonicMs = untilMs;
    },
    jump(ms) {
      offsetMs += ms;
    },
    pending: () => timers.size,
  };
}

/** A request as received; `atMs` is the time of the manual clock. */
export type Seen = {
  atMs: number;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests read bodies of every shape, and a wrong access fails the test.
  body: any;
};

/** A scripted response; `hang_up` closes the connection without one. */
export type Scripted = { status: number; headers?: Record<string, string>; body?: unknown } | 'hang_up';

/** A server that responds by script, a manual clock, and a fetch that knows when no request is in flight. */
export type World = {
  url: string;
  clock: ManualClock;
  fetch: Fetch;
  seen: Seen[];
  /** Advances time whenever no request is in flight, until `work` settles. Fails if it never would. */
  run: <T>(work: Promise<T>) => Promise<T>;
  /** Resolves when no request is in flight. */
  settle: () => Promise<void>;
  /** Advances time by `ms`, letting requests sent in between complete. */
  pass: (ms: number) => Promise<void>;
};

/** Starts a server on loopback that responds to the n-th request (from 0) by `script`; stopped when the test file ends. */
export async function startScriptedServer(script: (seen: Seen, n: number) => Scripted): Promise<World> {
  const clock = makeManualClock();
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const { method = '', url: path = '', headers } = request;
    const now = {
      atMs: clock.monotonicMs(),
      method,
      path,
      headers,
      body: body === '' ? undefined : JSON.parse(body),
    };
    seen.push(now);
    const answer = script(now, seen.length - 1);
    if (answer === 'hang_up') return request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json', date: '', ...answer.headers });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {}));
  }).listen(0, '127.0.0.1');
  server.on('connection', (socket) => socket.unref());
  await once(server, 'listening');
  cleanUp(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port.');

  let inFlight = 0;
  const send: Fetch = async (url, init) => {
    inFlight += 1;
    try {
      const response = await fetch(url, init);
      const body = await response.text();
      return new Response(response.status === 204 ? null : body, response);
    } finally {
      inFlight -= 1;
    }
  };

  async function settle(): Promise<void> {
    // A few turns of the event loop: a response may trigger another request.
    for (let quiet = 0; quiet < 4; quiet += 1) {
      await setImmediate();
      if (inFlight > 0) quiet = -1;
    }
  }

  return {
    url: `http://127.0.0.1:${address.port}`,
    clock,
    fetch: send,
    seen,
    settle,
    async run(work) {
      let isOver = false;
      const over = () => {
        isOver = true;
      };
      work.then(over, over);
      for (;;) {
        await settle();
        if (isOver) return work;
        if (!clock.fireNext())
          throw new Error('No request is in flight and no timer runs: this would wait forever.');
      }
    },
    async pass(ms) {
      const untilMs = clock.monotonicMs() + ms;
      await settle();
      while (clock.monotonicMs() < untilMs) {
        const step = nextStep(clock, untilMs);
        clock.advance(step);
        await settle();
      }
    },
  };
}

/** Small enough that requests sent in between get an accurate time. */
function nextStep(clock: ManualClock, untilMs: number): number {
  return Math.min(50, untilMs - clock.monotonicMs());
}

/** The real server's response to a batch it stores completely. */
export function stored(body: { events: unknown[] }): Scripted {
  return { status: 200, body: { accepted: body.events.length, duplicates: 0, rejected: [], warnings: [] } };
}

/** An error as the real server sends it. */
export function refusal(status: number, code: string, headers: Record<string, string> = {}): Scripted {
  const body = {
    type: `/docs/errors#${code}`,
    title: code,
    status,
    code,
    detail: `It is ${code}.`,
    request_id: 'req_1',
  };
  return {
    status,
    headers: { 'content-type': 'application/problem+json', 'x-request-id': 'req_1', ...headers },
    body,
  };
}

/** A 429 that asks to wait `retryAfter`. */
export const limited = (retryAfter: string | number): Scripted =>
  refusal(429, 'rate_limited', { 'retry-after': String(retryAfter) });
