import { errorCodeOf, messageOf, StorageError } from '../../lib/errors.ts';

/**
 * The engine's errors for a file whose content is not what was written (ErrorCodes.cpp of ClickHouse). Some have other
 * causes too, so the message must also name a file of the store.
 */
const DAMAGE_CODES: Record<string, string> = {
  32: 'ATTEMPT_TO_READ_AFTER_EOF',
  33: 'CANNOT_READ_ALL_DATA',
  40: 'CHECKSUM_DOESNT_MATCH',
  74: 'CANNOT_READ_FROM_FILE_DESCRIPTOR',
  76: 'CANNOT_OPEN_FILE',
  107: 'FILE_DOESNT_EXIST',
  117: 'INCORRECT_DATA',
  226: 'NO_FILE_IN_DATA_PART',
  228: 'BAD_SIZE_OF_FILE_IN_DATA_PART',
  246: 'CORRUPTED_DATA',
  271: 'CANNOT_DECOMPRESS',
  432: 'UNKNOWN_CODEC',
};
const OUT_OF_DESCRIPTORS = /Too many open files/;

/** Returns which stored data cannot be read, as sentences with what to do, if that is why a statement failed. */
export function describeDamage(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  if (DAMAGE_CODES[errorCodeOf(cause)] === undefined) return undefined;
  const file = /(\/\S*\/store\/[^\s:,()']+)/.exec(messageOf(cause))?.[1];
  if (file === undefined || OUT_OF_DESCRIPTORS.test(messageOf(cause))) return undefined;
  return (
    `Stored events cannot be read: ${file} is damaged. Queries that need it fail with 503. Stop the server and run ` +
    '`bin/appflow doctor`, which checks every file and says what to do.'
  );
}

/** Rethrows an error; damaged data as a StorageError that says which file it is and what to do. */
export function rethrowDamage(error: unknown): never {
  const damage = describeDamage(error);
  throw damage === undefined ? error : new StorageError('unavailable', damage, error);
}
