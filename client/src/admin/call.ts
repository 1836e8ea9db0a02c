import { parseRemaining, type Remaining } from '../http/limit-headers.ts';
import { attempt, type Call, type Outcome, readJson, type Target } from '../http/transport.ts';
import { createAdaptiveBackoff } from '../retry/adaptive-backoff.ts';
import { type OnWait, startDeadline, withOnWait } from '../retry/deadline.ts';
import { dropOpenGates, getGate } from '../retry/gate-registry.ts';
import { createGate } from '../retry/rate-limit-gate.ts';
import { createId } from '../runtime/id.ts';
import { OPERATIONS, type Operation, type OperationName } from './operations.ts';

/** The last argument of every method. */
export type CallOptions = {
  /** Aborts the call, also while it waits for a rate limit. */
  signal?: AbortSignal;
};

/** For operations that create: calls with the same key are done once, also across processes. Default: a new key. */
export type IdempotencyOptions = CallOptions & { idempotencyKey?: string };

/** The input of an operation. */
export type CallInput = {
  id?: string;
  query?: Parameters<typeof formatQuery>[0];
  body?: unknown;
  /** The body, if it is already JSON text. */
  json?: string;
  /** The number of events in the body. */
  events?: number;
  /** The caller sends several events in smaller requests if this one is too slow. */
  canSplit?: boolean;
  headers?: Record<string, string>;
  options?: IdempotencyOptions | undefined;
};

/** Calls operations: `call` returns the JSON of the expected type, `open` the response itself, to be streamed. */
export type Caller = {
  call: <T>(name: OperationName, input?: CallInput) => Promise<T>;
  open: (name: OperationName, input?: CallInput) => Promise<Response>;
};

/** Returns a caller whose calls wait and retry for at most `timeLimitMs` each; `onWait` is called before they wait. */
export function createCaller(
  target: Target,
  timeLimitMs: number,
  random: () => number,
  onWait?: OnWait,
): Caller {
  dropOpenGates(target.clock);
  async function run<T>(
    operationName: OperationName,
    input: CallInput,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const operation: Operation = OPERATIONS[operationName];
    const { gate: gateName = operation.category } = operation;
    const gate = getGate(target, gateName, () => createGate(target.clock, random, createAdaptiveBackoff()));
    const deadline = startDeadline(target.clock, gateName, timeLimitMs, input.options?.signal);
    const { signal } = deadline;
    const beforeWait = onWait ? withOnWait(deadline.beforeWait, onWait) : deadline.beforeWait;
    const call: Call = { ...toCall(operation, input, target), signal };
    try {
      return await gate.run(() => attemptOnce(target, call, read, input), { signal, beforeWait });
    } finally {
      deadline.clear();
    }
  }

  return {
    // The one place that trusts a response to have the type the server promises.
    call: <T>(name: OperationName, input: CallInput = {}) => run(name, input, readJson) as Promise<T>,
    open: (name, input = {}) => run(name, input, async (response) => response),
  };
}

/** Makes an attempt and reads the quota it leaves for requests of as many events. */
async function attemptOnce<T>(
  target: Target,
  call: Call,
  read: (response: Response) => Promise<T>,
  { events = 1, canSplit = false }: CallInput,
): Promise<Outcome<T>> {
  let remaining: Remaining | undefined;
  const outcome = await attempt(target, call, (response) => {
    remaining = parseRemaining(response.headers.get('ratelimit'), events);
    return read(response);
  });
  const isTooSlow = !outcome.ok && outcome.error.status === 408;
  if (isTooSlow && canSplit && events > 1) return { ...outcome, retry: 'never' };
  return { ...outcome, remaining };
}

/** Built once per call, so that all attempts have the same idempotency key. */
function toCall({ method, path }: Operation, input: CallInput, { clock }: Target): Call {
  const { id = '', query, body, options } = input;
  const { json = body === undefined ? undefined : JSON.stringify(body) } = input;
  const headers: Record<string, string> = { ...input.headers };
  if (method === 'POST') headers['idempotency-key'] = options?.idempotencyKey ?? createId(clock.now());
  return {
    method,
    path: path.replace(/\{\w+\}/, () => encodeURIComponent(id)) + formatQuery(query),
    headers,
    ...(json === undefined ? {} : { body: json }),
  };
}

type QueryValue = string | number | boolean | null | undefined | readonly (string | number)[];

/** Returns the query string, including `?`; lists are repeated, undefined and null values are omitted. */
export function formatQuery(values: Readonly<Record<string, QueryValue>> = {}): string {
  // Not URLSearchParams: React Native's implementation is incomplete.
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    [value]
      .flat()
      .filter((each) => each !== undefined && each !== null)
      .map((each) => `${encodeURIComponent(name)}=${encodeURIComponent(String(each))}`),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
