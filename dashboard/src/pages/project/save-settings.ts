import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toast } from 'sonner';
import type { SettingsChange } from '../../api/answers.ts';
import { sentenceOf } from '../../api/problem.ts';
import { settingsQuery, updateSettings, useProject } from '../../api/project.ts';
import { refreshSession } from '../../api/session.ts';

/** Returns how to change the project's settings; says what came of it. */
export function useSaveSettings() {
  const { project } = useProject();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: SettingsChange) => updateSettings(project.id, body),
    onSuccess: async (settings) => {
      client.setQueryData(settingsQuery(project.id).queryKey, settings);
      toast.success('The settings are saved.');
      // The name stands in the sidebar.
      await refreshSession(client);
    },
    onError: (error) => toast.error(`The settings were not saved. ${sentenceOf(error)}`),
  });
}
