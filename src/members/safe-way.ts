import { ApiError } from '../api/errors.ts';
import type { Visit } from '../api/route.ts';

/** Throws 403 when the connection is one on which a password could be read on the way. */
export function requireSafeWay({ allowsSignIn }: Pick<Visit, 'allowsSignIn'>): void {
  if (!allowsSignIn) throw new ApiError('tls_required');
}
