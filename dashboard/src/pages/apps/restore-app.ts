import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import type { App } from '../../api/answers.ts';
import { refreshApps, restoreApp } from '../../api/apps.ts';
import { errorMessage } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';

/** Returns the mutation that restores a deleted app. */
export function useRestoreApp() {
  const { project } = useProject();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id }: Pick<App, 'id'>) => restoreApp(project.id, id),
    onSuccess: async ({ name }) => {
      toast.success(`Restored ${name}`);
      await refreshApps(client, project.id);
    },
    onError: (error) => toast.error(errorMessage(error)),
  });
}
