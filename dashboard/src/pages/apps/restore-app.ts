import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import type { App } from '../../api/answers.ts';
import { api } from '../../api/http.ts';
import { sentenceOf } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';

/** Returns how to bring back a deleted app. */
export function useRestoreApp() {
  const { project, path } = useProject();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id }: Pick<App, 'id'>) =>
      api<App>('PATCH', path(`/apps/${id}`), { body: { deleted: false } }),
    onSuccess: async ({ name }) => {
      toast.success(`${name} is restored.`);
      await client.invalidateQueries({ queryKey: ['projects', project.id, 'apps'] });
    },
    onError: (error) => toast.error(sentenceOf(error)),
  });
}
