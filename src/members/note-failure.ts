import { listProjectIds } from '../accounts/account.ts';
import type { Visit } from '../api/raw-request.ts';
import type { FailureLog } from '../audit/failures.ts';
import type { Control } from '../control/open.ts';

/**
 * Notes a wrong password or code in the projects of the person whose it was to be; `personId` is undefined when there
 * is no such account. Only queued: writing it would tell by the time it takes.
 */
export async function noteFailure(
  { control, failures }: { control: Control; failures: FailureLog },
  { address, requestId }: Pick<Visit, 'address' | 'requestId'>,
  personId: string | undefined,
): Promise<void> {
  const failure = { code: 'invalid_credentials', found: undefined, address, requestId } as const;
  const projectIds = await listProjectIds(control.db, personId ?? '');
  if (personId === undefined || projectIds.length === 0) return failures.note(failure);
  for (const projectId of projectIds) failures.note({ ...failure, person: { id: personId, projectId } });
}
