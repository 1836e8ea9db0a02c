import { parseRoom } from '../http/limit-headers.ts';
import { attempt, type Call, readJson, type Target } from '../http/transport.ts';
import { createDrainPace } from '../retry/adaptive-backoff.ts';
import { limitCall, type OnWait, tellWaits } from '../retry/deadline.ts';
import { findGate, forgetGates } from '../retry/rate-limit-gate.ts';
import { makeId } from '../runtime/id.ts';
import { OPERATIONS, type Operation, type OperationName } from './operations.ts';

/** What every method takes last. */
export type CallOptions = {
  /** Ends the call, also while it waits for a limit. */
  signal?: AbortSignal;
};

/** For operations that create: the same key is the same intent, also in another process. Made anew when left out. */
export type IntentOptions = CallOptions & { idempotencyKey?: string };

/** What an operation is called with. */
export type Input = {
  id?: string;
  query?: Parameters<typeof formatQuery>[0];
  body?: unknown;
  /** The body where it is JSON text already. */
  json?: string;
  /** How many events the body holds. */
  events?: number;
  headers?: Record<string, string>;
  options?: IntentOptions | undefined;
};

/** Makes calls: `call` answers JSON of the type asked for, `open` the answer itself, to be read bit by bit. */
export type Caller = {
  call: <T>(name: OperationName, input?: Input) => Promise<T>;
  open: (name: OperationName, input?: Input) => Promise<Response>;
};

/** Returns a caller whose calls wait and are retried for at most `timeLimitMs` each; `onWait` is told of the waits. */
export function createCaller(
  target: Target,
  timeLimitMs: number,
  random: () => number,
  onWait?: OnWait,
): Caller {
  forgetGates(target.clock);
  async function run<T>(
    operationName: OperationName,
    input: Input,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const operation: Operation = OPERATIONS[operationName];
    const { gate: name = operation.category } = operation;
    const gate = findGate(target, name, random, createDrainPace());
    const { end, ...limits } = limitCall(target.clock, name, timeLimitMs, input.options?.signal);
    const patience = onWait ? tellWaits(limits.patience, onWait) : limits.patience;
    const call: Call = { ...toCall(operation, input, target), signal: limits.signal };
    try {
      return await gate.run(() => attempt(target, call, read), { ...limits, patience });
    } finally {
      end();
    }
  }

  return {
    // The one place where an answer is taken for what the server promises.
    call: <T>(name: OperationName, input: Input = {}) => run(name, input, readJson) as Promise<T>,
    open: (name, input = {}) => run(name, input, async (response) => response),
  };
}

/** Made once, so that all attempts are one intent. */
function toCall({ method, path }: Operation, input: Input, { clock }: Target): Call {
  const { id = '', query, body, events = 1, options } = input;
  const { json = body === undefined ? undefined : JSON.stringify(body) } = input;
  const headers: Record<string, string> = { ...input.headers };
  if (method === 'POST') headers['idempotency-key'] = options?.idempotencyKey ?? makeId(clock.now());
  return {
    method,
    path: path.replace('{id}', encodeURIComponent(id)) + formatQuery(query),
    headers,
    readRoom: (rateLimit) => parseRoom(rateLimit, events),
    ...(json === undefined ? {} : { body: json }),
  };
}

type Value = string | number | boolean | null | undefined | readonly (string | number)[];

/** Returns the query that says these values, `?` included; lists are repeated, what is undefined is left out. */
export function formatQuery(values: Readonly<Record<string, Value>> = {}): string {
  // Not URLSearchParams: React Native's cannot be relied on.
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    [value]
      .flat()
      .filter((each) => each !== undefined && each !== null)
      .map((each) => `${encodeURIComponent(name)}=${encodeURIComponent(String(each))}`),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
