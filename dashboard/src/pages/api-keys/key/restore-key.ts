import { useMutation } from '@tanstack/react-query';
import { toast } from 'sonner';
import type { ApiKey } from '../../../api/answers.ts';
import { api } from '../../../api/http.ts';
import { sentenceOf } from '../../../api/problem.ts';
import { useProject } from '../../../api/project.ts';
import { isCancelled } from '../../../api/step-up.ts';
import { needsStepUp, useKeyRenewal } from './keys-api.ts';

/** Returns how to take a revocation back; says whether it went well, wherever the person is by then. */
export function useRestoreKey() {
  const { path } = useProject();
  return useMutation({
    mutationFn: (key: ApiKey) =>
      api<ApiKey>('POST', path(`/api-keys/${key.id}/restore`), { stepUp: needsStepUp(key) }),
    onSuccess: ({ name }) => toast.success(`${name} works again.`),
    onError: (error) => isCancelled(error) || toast.error(sentenceOf(error)),
    onSettled: useKeyRenewal(),
  });
}
