import type { ErrorCode, FieldError } from './error-code.ts';

/** Failures on the client's side: no response or half an export, a response no Appflow server sends, a failed storage, invalid arguments. */
export type LocalErrorCode =
  | 'network_error'
  | 'unexpected_answer'
  | 'storage_error'
  | 'invalid_options'
  | 'invalid_context';

/** What an error carries besides its message. `retryAfterMs` is the wait the server asked for, if any. */
export type ErrorDetails = {
  code: ErrorCode | LocalErrorCode;
  /** 0 if there was no response. */
  status?: number;
  requestId?: string | undefined;
  retryAfterMs?: number | undefined;
  errors?: readonly FieldError[] | undefined;
  cause?: unknown;
};

/** Any failed call. `code` is the server's, from its closed list, or says that there was no usable response. */
export class AppflowError extends Error {
  declare readonly code: ErrorCode | LocalErrorCode;
  /** The HTTP status; 0 if there was no response. */
  declare readonly status: number;
  /** Identifies the request in the server's log. */
  declare readonly requestId: string | undefined;
  declare readonly retryAfterMs: number | undefined;
  /** The invalid fields, with `validation_failed`. */
  declare readonly errors: readonly FieldError[];

  constructor(message: string, { cause, ...details }: ErrorDetails) {
    super(message, { cause });
    this.name = 'AppflowError';
    Object.assign(this, { status: 0, errors: [] }, details);
  }
}
