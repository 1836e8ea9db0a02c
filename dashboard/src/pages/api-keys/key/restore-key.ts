import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import type { ApiKey } from '../../../api/answers.ts';
import { refreshKeys, restoreKey } from '../../../api/keys.ts';
import { sentenceOf } from '../../../api/problem.ts';
import { useProject } from '../../../api/project.ts';
import { isCancelled } from '../../../api/step-up.ts';

/** Returns how to take a revocation back; says whether it went well, wherever the person is by then. */
export function useRestoreKey() {
  const { project } = useProject();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (key: ApiKey) => restoreKey(project.id, key),
    onSuccess: ({ name }) => toast.success(`${name} works again.`),
    onError: (error) => isCancelled(error) || toast.error(sentenceOf(error)),
    onSettled: () => refreshKeys(client, project.id),
  });
}

const RESTORE_MS = 60 * 60_000;

/** Whether a revocation can still be taken back: within 60 minutes, and never that of a leaked key. */
export function isRestorable(key: Pick<ApiKey, 'revoked_at' | 'revoked_reason'>, now: number): boolean {
  if (key.revoked_at === null || key.revoked_reason === 'leaked') return false;
  return now - Date.parse(key.revoked_at) < RESTORE_MS;
}
