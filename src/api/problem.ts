import { type ApiError, ERRORS } from './errors.ts';

/** Returns the RFC 9457 body of an error. `docsUrl` is where the documentation is served, without a slash at the end. */
export function renderProblem(error: ApiError, requestId: string, docsUrl: string): Record<string, unknown> {
  return {
    type: `${docsUrl}/docs/errors#${error.code}`,
    title: ERRORS[error.code].title,
    status: error.status,
    code: error.code,
    detail: error.message,
    request_id: requestId,
    ...error.members,
  };
}
