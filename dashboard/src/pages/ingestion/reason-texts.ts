import { ERRORS } from '../../../../src/api/error-codes.ts';
import { REJECTION_CURES } from '../../../../src/events/ingest/rejection-cures.ts';

const CURES: Readonly<Record<string, string>> = REJECTION_CURES;
const REFUSALS: Readonly<Record<string, { cure: string }>> = ERRORS;

/** Returns how to fix a reason; undefined for one that this version of the dashboard does not know. */
export function findCure(code: string): string | undefined {
  return CURES[code] ?? REFUSALS[code]?.cure;
}

/** Whether it is a reason to reject single events, of which there can be samples. */
export const isRejection = (code: string): boolean => Object.hasOwn(CURES, code);
