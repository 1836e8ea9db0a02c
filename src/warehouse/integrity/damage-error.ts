import { errorCodeOf, messageOf, StorageError } from '../../lib/errors.ts';
import { PROGRAM } from '../../lib/program.ts';

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
/** The engine's error for a mutation that fails. */
const UNFINISHED = '341';
const OUT_OF_DESCRIPTORS = /Too many open files/;

const causeOf = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined);

/** Whether damaged files may be why a statement failed. */
export function mayBeDamage(error: unknown): boolean {
  const cause = causeOf(error);
  return DAMAGE_CODES[errorCodeOf(cause)] !== undefined && !OUT_OF_DESCRIPTORS.test(messageOf(cause));
}

/** Whether a change of stored rows failed, which has any cause: damaged files are one. */
export const isUnfinishedChange = (error: unknown): boolean => errorCodeOf(causeOf(error)) === UNFINISHED;

/** Returns the path of the damaged file or part, if that is why a statement failed and the engine names it. */
export function findDamagedFile(error: unknown): string | undefined {
  if (!mayBeDamage(error)) return undefined;
  return /(\/\S*\/store\/[^\s:,()']+)/.exec(messageOf(causeOf(error)))?.[1];
}

/** Returns which stored data cannot be read, as sentences with what to do, if that is why a statement failed. */
export function describeDamage(error: unknown): string | undefined {
  const file = findDamagedFile(error);
  if (file === undefined) return undefined;
  return (
    `Stored events cannot be read: ${file} is damaged. Queries that need it fail with 503. Stop the server and run ` +
    `\`${PROGRAM} doctor\`, which checks every file and says what to do.`
  );
}

/** Rethrows an error; damaged data as a StorageError that says which file it is and what to do. */
export function rethrowDamage(error: unknown): never {
  const damage = describeDamage(error);
  throw damage === undefined ? error : new StorageError('unavailable', damage, error);
}
