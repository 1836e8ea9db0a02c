import { type Dialect, findRefusalState, type RefusalRule } from '../api/dialect.ts';
import { ApiError } from '../api/errors.ts';
import { renderProblem } from '../api/problem.ts';
import { redactSecrets } from '../directory/secret.ts';
import { StorageError } from '../lib/errors.ts';
import { isOverloaded, retryWithJitter } from './pipeline/overload.ts';
import type { Services } from './pipeline/services.ts';

/** The context of a failed request in the log, besides its error. */
export type ErrorContext = {
  requestId: string;
  route?: string;
  keyId?: string | undefined;
  personId?: string | undefined;
  /** Of a route for another vendor's SDK, which decides how the error is answered. */
  dialect?: Dialect | undefined;
  presentedKey?: string | undefined;
};

/** An error as it is sent: RFC 9457, with every API key in it redacted. */
export type ErrorAnswer = {
  status: number;
  headers: Record<string, string>;
  text: string;
  contentType: 'application/problem+json' | 'application/json';
};

/** Returns the answer to a request that failed with `error`, and logs it if it is ours to fix. */
export function toErrorAnswer(
  { config, answerLog }: Pick<Services, 'config' | 'answerLog'>,
  error: unknown,
  context: ErrorContext,
): ErrorAnswer {
  const apiError = toApiError(error);
  const { dialect, presentedKey, ...logged } = context;
  if (apiError.status >= 500 && !isClientAbort(error) && !isOverloaded(error)) {
    // Work refused because of too much load, or during a stop, is not a bug.
    const level = apiError.code === 'overloaded' ? 'warn' : 'error';
    answerLog.write(level, { ...logged, ...toLogFields(error) }, apiError.code);
  }
  const problem = renderProblem(apiError, context.requestId, config.publicUrl);
  if (dialect) return toDialectAnswer(dialect, apiError, problem, presentedKey);
  return {
    contentType: 'application/problem+json',
    status: apiError.status,
    headers: apiError.headers,
    text: redactSecrets(JSON.stringify(problem)),
  };
}

/** Returns the same error with the status and wait that make these SDKs keep or discard their events. */
function toDialectAnswer(
  { states, error: own }: Dialect,
  error: ApiError,
  problem: Record<string, unknown>,
  presentedKey: string | undefined,
): ErrorAnswer {
  const rule = states[findRefusalState(error)];
  const { status } = rule;
  const text = JSON.stringify(own ? own.render(error, rule, presentedKey) : { ...problem, status });
  return {
    status,
    headers: toDialectHeaders(error.headers, rule),
    text: own?.repeatsKey(error, presentedKey) ? text : redactSecrets(text),
    contentType: own ? 'application/json' : 'application/problem+json',
  };
}

function toDialectHeaders(headers: Record<string, string>, rule: RefusalRule): Record<string, string> {
  const { status, retryAfter } = rule;
  const kept = Object.entries(headers).filter(
    ([name]) => !NAMED_BY_RULE.includes(name.toLowerCase()) || (status === 401 && name === CHALLENGE),
  );
  if (!retryAfter) return Object.fromEntries(kept);
  const found = Object.entries(headers).find(([name]) => name.toLowerCase() === 'retry-after')?.[1];
  const seconds = Math.min(retryAfter.max, Math.max(retryAfter.min, Number(found ?? retryAfter.min)));
  return { ...Object.fromEntries(kept), 'retry-after': String(seconds) };
}

const CHALLENGE = 'www-authenticate';
const NAMED_BY_RULE: readonly string[] = [CHALLENGE, 'retry-after'];

/** The client disconnected and its query was canceled: no answer is read, and nothing is wrong. */
const isClientAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || isClientAbort(error.cause));

const REASON_CHARACTERS_MAX = 500;

/** A storage failure is not a bug in the code and repeats with each request: one line with the message of every cause. */
function toLogFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof StorageError)) return { err: error };
  const messages: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) messages.push(at.message);
  return { reason: messages.join(': ').slice(0, REASON_CHARACTERS_MAX) };
}

const STORAGE_CODES = {
  unavailable: 'storage_unavailable',
  timeout: 'query_timeout',
  too_large: 'query_too_large',
  busy: 'overloaded',
} as const;

/** Returns the error as it is answered. Any other error becomes `internal`: no message, no stack and no SQL leaves the process. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (!(error instanceof StorageError)) return new ApiError('internal', { cause: error });
  // Waiting doesn't help: no Retry-After.
  const headers = error.reason === 'too_large' ? {} : retryWithJitter();
  return new ApiError(STORAGE_CODES[error.reason], { headers, cause: error, isPartial: error.isPartial });
}
