import type { ErrorCode, FieldError } from './wire.ts';

/** What went wrong on this side: no answer, one that no Appflow server gives, or the device's storage failed. */
export type LocalErrorCode = 'network_error' | 'unexpected_answer' | 'storage_error';

/** What an error carries beside its words. `retryAfterMs` is how long the server asked to wait, when it did. */
export type ErrorFacts = {
  code: ErrorCode | LocalErrorCode;
  /** 0 when there was no answer. */
  status?: number;
  requestId?: string | undefined;
  retryAfterMs?: number | undefined;
  errors?: readonly FieldError[] | undefined;
  cause?: unknown;
};

/** Any failure of a call. `code` is the server's own, from its closed list, or says that there was no usable answer. */
export class AppflowError extends Error {
  declare readonly code: ErrorCode | LocalErrorCode;
  /** The HTTP status; 0 when there was no answer. */
  declare readonly status: number;
  /** Names the request in the server's log. */
  declare readonly requestId: string | undefined;
  declare readonly retryAfterMs: number | undefined;
  /** The fields at fault, with `validation_failed`. */
  declare readonly errors: readonly FieldError[];

  constructor(message: string, { cause, ...facts }: ErrorFacts) {
    super(message, { cause });
    this.name = 'AppflowError';
    Object.assign(this, { status: 0, errors: [] }, facts);
  }
}
