import { describeAtField, describeFieldProblem, type FieldProblem } from './field-words.ts';

/** An error answer (RFC 9457), or a request that never reached the server: then `code` is `unreachable`. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly requestId: string | undefined;
  readonly errors: readonly FieldProblem[];
  /** Milliseconds to wait before retrying; undefined if the server did not say. */
  readonly retryAfterMs: number | undefined;

  constructor(fields: {
    status: number;
    code: string;
    title: string;
    detail?: string | undefined;
    requestId?: string | undefined;
    errors?: readonly FieldProblem[] | undefined;
    retryAfterMs?: number | undefined;
  }) {
    super(fields.detail ?? fields.title);
    this.name = 'Problem';
    this.status = fields.status;
    this.code = fields.code;
    this.title = fields.title;
    this.requestId = fields.requestId;
    this.errors = fields.errors ?? [];
    this.retryAfterMs = fields.retryAfterMs;
  }
}

const textOr = <T>(value: unknown, otherwise: T) => (typeof value === 'string' ? value : otherwise);

/** Returns the error of an answer. Anything but a problem document is described by its status. */
export async function readProblem(response: Response): Promise<Problem> {
  const body = await response.json().catch(() => undefined);
  const problem: Record<string, unknown> = typeof body === 'object' && body !== null ? body : {};
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new Problem({
    status: response.status,
    code: textOr(problem.code, 'unexpected_answer'),
    title: textOr(problem.title, `The server answered ${response.status}.`),
    detail: textOr(problem.detail, undefined),
    requestId: textOr(problem.request_id, response.headers.get('x-request-id') ?? undefined),
    errors: Array.isArray(problem.errors) ? (problem.errors as FieldProblem[]) : [],
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1_000 : undefined,
  });
}

/** Returns the error for a request without any answer. */
export function unreachable(): Problem {
  return new Problem({
    status: 0,
    code: 'unreachable',
    title: "Can't reach the server",
    detail: "Can't reach Appflow. Check that the server is running and that you're online.",
  });
}

/** Whether the outcome is unknown: no answer came, or only one from a proxy in between. */
export function isUnanswered(error: unknown): boolean {
  if (!(error instanceof Problem)) return false;
  return error.status === 0 || (error.status >= 500 && error.code === 'unexpected_answer');
}

/** Whether the person may have lost access: not a member any more, or with a role that may not do this. */
export function isAccessLost(error: unknown): boolean {
  return error instanceof Problem && (error.code === 'not_found' || error.code === 'insufficient_scope');
}

/** Returns the message to show for anything thrown. */
export function errorMessage(error: unknown): string {
  if (error instanceof Problem && error.errors.length > 0) {
    return error.errors.map(describeFieldProblem).join(' ');
  }
  return error instanceof Error ? error.message : 'Something went wrong.';
}

/** Returns what is wrong with one form field, to show beside it; undefined if nothing is. */
export function fieldError(error: unknown, field: string): string | undefined {
  if (!(error instanceof Problem)) return undefined;
  const found = error.errors.find(
    (problem) => problem.field === field || problem.field.startsWith(`${field}.`),
  );
  return found && describeAtField(found, field);
}
