import { ERRORS, type ErrorCode } from './error-codes.ts';

/** One invalid field: `field` is a path such as `events.0.event_name`. */
export type FieldError = { field: string; code: string; message: string };

/** The details of an error besides its code. `cause` goes to the log only, never to the caller. */
export type ErrorDetails = {
  detail?: string;
  /** Members added to the problem body, e.g. `required` and `granted`. */
  members?: Record<string, unknown>;
  headers?: Record<string, string>;
  cause?: unknown;
  /** Whether someone in the project can still undo what caused it, although its code says that it is final. */
  isReversible?: boolean;
  /** Whether a part of the batch is stored, or rejected one by one: it was not refused as a whole. */
  isPartial?: boolean;
};

/** An answer that is not a success. Thrown by verbs and the pipeline only, rendered in one place. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly members: Record<string, unknown>;
  readonly headers: Record<string, string>;
  readonly isReversible: boolean;
  readonly isPartial: boolean;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const { detail, members = {}, headers = {}, cause } = details;
    const message = detail ?? describe(code);
    // An answer, not a fault: no one reads its stack, and collecting one is expensive in a flood of refusals.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, { cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'ApiError';
    this.code = code;
    this.members = members;
    this.headers = headers;
    this.isReversible = details.isReversible ?? false;
    this.isPartial = details.isPartial ?? false;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}

/** A caller without a working credential can't look anything up, so a 401 also says how to fix it. */
function describe(code: ErrorCode): string {
  const { status, meaning, cure } = ERRORS[code];
  return status === 401 ? `${meaning} ${cure}` : meaning;
}

/** Returns the 422 that lists every invalid field. */
export function validationFailed(errors: FieldError[]): ApiError {
  const fields = [...new Set(errors.map((error) => error.field))].join(', ');
  return new ApiError('validation_failed', { detail: `Invalid fields: ${fields}.`, members: { errors } });
}

/** Returns the 404 of a path that does not exist. A hidden path must look the same. */
export const pathNotFound = () =>
  new ApiError('not_found', {
    detail: 'Nothing was found at this path. The API reference at /docs/api lists all paths.',
  });
