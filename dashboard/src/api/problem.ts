/** One field that the server refused, as its problem documents tell it. */
export type FieldMistake = { field: string; code: string; message: string };

/** An error the server told (RFC 9457), or one that kept the request from reaching it: then `code` is `unreachable`. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly requestId: string | undefined;
  readonly errors: readonly FieldMistake[];
  /** Milliseconds to wait before the same request can pass; undefined when the server says nothing of it. */
  readonly retryAfterMs: number | undefined;

  constructor(told: {
    status: number;
    code: string;
    title: string;
    detail?: string | undefined;
    requestId?: string | undefined;
    errors?: readonly FieldMistake[] | undefined;
    retryAfterMs?: number | undefined;
  }) {
    super(told.detail ?? told.title);
    this.name = 'Problem';
    this.status = told.status;
    this.code = told.code;
    this.title = told.title;
    this.requestId = told.requestId;
    this.errors = told.errors ?? [];
    this.retryAfterMs = told.retryAfterMs;
  }
}

const textOr = <T>(value: unknown, otherwise: T) => (typeof value === 'string' ? value : otherwise);

/** Returns the error an answer tells; bodies that are no problem documents (a proxy's page) are told by their status. */
export async function readProblem(response: Response): Promise<Problem> {
  const body = await response.json().catch(() => undefined);
  const told: Record<string, unknown> = typeof body === 'object' && body !== null ? body : {};
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new Problem({
    status: response.status,
    code: textOr(told.code, 'unexpected_answer'),
    title: textOr(told.title, `The server answered ${response.status}.`),
    detail: textOr(told.detail, undefined),
    requestId: textOr(told.request_id, response.headers.get('x-request-id') ?? undefined),
    errors: Array.isArray(told.errors) ? (told.errors as FieldMistake[]) : [],
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1_000 : undefined,
  });
}

/** Returns the error of a request that got no answer at all. */
export function unreachable(): Problem {
  return new Problem({
    status: 0,
    code: 'unreachable',
    title: 'The server cannot be reached',
    detail: 'Appflow does not answer. Check that it is running and that you are online.',
  });
}

/** Whether nobody knows if the request was carried out: no answer came, or only that of a proxy in between. */
export function isUnanswered(error: unknown): boolean {
  if (!(error instanceof Problem)) return false;
  return error.status === 0 || (error.status >= 500 && error.code === 'unexpected_answer');
}

/** Returns the sentence to show for anything thrown. */
export function sentenceOf(error: unknown): string {
  if (error instanceof Problem && error.errors.length > 0) {
    return error.errors.map(({ message }) => message).join(' ');
  }
  return error instanceof Error ? error.message : 'Something went wrong.';
}

/** Returns what the server said of one field of a form; undefined when it said nothing. */
export function mistakeIn(error: unknown, field: string): string | undefined {
  if (!(error instanceof Problem)) return undefined;
  return error.errors.find((mistake) => mistake.field === field || mistake.field.startsWith(`${field}.`))
    ?.message;
}
