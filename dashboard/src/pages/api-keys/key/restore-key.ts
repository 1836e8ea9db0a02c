import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import { KEY_RESTORABLE_MS } from '../../../../../src/directory/key.ts';
import type { ApiKey } from '../../../api/answers.ts';
import { refreshKeys, restoreKey } from '../../../api/keys.ts';
import { errorMessage } from '../../../api/problem.ts';
import { useProject } from '../../../api/project.ts';
import { isCanceled } from '../../../api/step-up.ts';

/** Returns the mutation that restores a revoked key. Its toasts appear on whatever page is open by then. */
export function useRestoreKey() {
  const { project } = useProject();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (key: ApiKey) => restoreKey(project.id, key),
    onSuccess: ({ name }) => toast.success(`${name} is restored.`),
    onError: (error) => isCanceled(error) || toast.error(errorMessage(error)),
    onSettled: () => refreshKeys(client, project.id),
  });
}

type Revocable = Pick<ApiKey, 'type' | 'secrets' | 'revoked_at' | 'revoked_reason' | 'leak_reported_at'>;

/** Whether a revoked key can be restored: within 60 minutes, and never one that leaked or lost its secrets. */
export function isRestorable(key: Revocable, now: number): boolean {
  const hasLeaked =
    key.revoked_reason === 'leaked' || (key.type !== 'client' && key.leak_reported_at !== null);
  if (key.revoked_at === null || hasLeaked || key.secrets.length === 0) return false;
  return now - Date.parse(key.revoked_at) < KEY_RESTORABLE_MS;
}
