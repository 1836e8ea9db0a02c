import { errorCodeOf, messageOf, StorageError } from '../lib/errors.ts';

/**
 * Error codes of PostgreSQL (https://www.postgresql.org/docs/current/errcodes-appendix.html), by code or by class, that are
 * not the statement's fault, and what to do.
 */
const FIXES: Readonly<Record<string, string>> = {
  '08': 'the connection was lost; it is opened again',
  '08P01': 'it, or a proxy in front of it, refuses what Appflow sends when it connects',
  25006: 'it only accepts reads, as a standby does; DATABASE_URL must name the primary',
  28: 'it refuses the user or password in DATABASE_URL',
  '3D': 'the database in DATABASE_URL does not exist; create it',
  40: 'it conflicted with another write; try again',
  42501: 'the user in DATABASE_URL may not do this; make it the owner of the database',
  53: 'it has no memory, disk space or connections left',
  '55P03': 'another process holds it locked; end that process, or wait until it is done',
  57: 'it is stopping, starting or too slow',
  58: 'it cannot read or write its disk',
  XX: 'it is damaged; restore it from a backup',
};

const SQL_STATE = /^[\dA-Z]{5}$/;
/** Codes of Node for certificates that are not accepted (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const TLS_CODE = /CERT|SELF_SIGNED|UNABLE_TO|^ERR_TLS|^ERR_SSL/;
const SYSTEM_CODE = /^E[A-Z_]{3,}$/;
/** Messages of the driver for failures that have no code. */
const DRIVER_FAILURE =
  /^(Connection terminated|Query read timeout|timeout e|Client has encountered|Client was closed)/i;

function findFix(error: unknown): string | undefined {
  const code = errorCodeOf(error);
  const fix = FIXES[code] ?? FIXES[code.slice(0, 2)];
  if (fix !== undefined && SQL_STATE.test(code)) return fix;
  if (TLS_CODE.test(code)) {
    return `its TLS certificate is not accepted (${code}); name your certificate authority in NODE_EXTRA_CA_CERTS`;
  }
  if (code === 'ENOENT') return 'DATABASE_URL names a file that does not exist';
  if (SYSTEM_CODE.test(code))
    return `it cannot be reached (${code}); check DATABASE_URL and that it is running`;
  return DRIVER_FAILURE.test(messageOf(error)) ? 'it is too slow, or the connection was lost' : undefined;
}

const toUnavailable = (fix: string, error: unknown) =>
  new StorageError('unavailable', `The control database in PostgreSQL cannot be used: ${fix}.`, error);

/** Returns the StorageError for a failure of PostgreSQL. Returns other errors, such as a mistake in a statement, without row contents. */
export function toPostgresError(error: unknown): unknown {
  if (error instanceof StorageError) return error;
  const fix = findFix(error);
  return fix === undefined ? withoutContents(error) : toUnavailable(fix, error);
}

/** Returns the StorageError for a connection that could not be opened. */
export function toConnectError(error: unknown): unknown {
  if (error instanceof StorageError) return error;
  return toUnavailable(findFix(error) ?? messageOf(error), error);
}

/** The log shows all members of an error, and these may contain values of a row, such as an email address. */
function withoutContents(error: unknown): unknown {
  if (error instanceof Error)
    Object.assign(error, { detail: undefined, where: undefined, internalQuery: undefined });
  return error;
}

/** Whether the transaction lost a conflict with another one: nothing was done, so a retry is safe. */
export function isConflict(error: unknown): boolean {
  return error instanceof StorageError && ['40001', '40P01'].includes(errorCodeOf(error.cause));
}
