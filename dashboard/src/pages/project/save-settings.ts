import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import type { ProjectSettings } from '../../api/answers.ts';
import { api } from '../../api/http.ts';
import { sentenceOf } from '../../api/problem.ts';
import { useProject } from '../../api/project.ts';
import { sessionQuery } from '../../api/session.ts';

/** Returns how to change the project's settings; says what came of it. */
export function useSaveSettings() {
  const { project, path } = useProject();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Partial<ProjectSettings>) => api<ProjectSettings>('PATCH', path('/project'), { body }),
    onSuccess: async (settings) => {
      client.setQueryData(['projects', project.id, 'settings'], settings);
      toast.success('The settings are saved.');
      // The name stands in the sidebar.
      await client.invalidateQueries({ queryKey: sessionQuery.queryKey });
    },
    onError: (error) => toast.error(`The settings were not saved. ${sentenceOf(error)}`),
  });
}
